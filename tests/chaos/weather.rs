//! What befalls single answers, as far as the server means well.

use crate::dice::Dice;

/// What befalls requests, as far as nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Nothing.
    Calm,
    /// Errors, broken connections and cut answers.
    Gusty,
    /// These, and answers that never come or come a byte at a time.
    Stuck,
}

/// What becomes of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It arrives.
    None,
    /// The connection is closed after so many thousandths of it.
    Cut(usize),
    /// Another status comes in its place, with a header.
    Status(u16, Option<&'static str>),
    /// A redirect to the server that listens beside this one.
    Redirect,
    /// A login page with status 200.
    Html,
    /// Nothing comes, and the connection stays open.
    Hang,
    /// It comes a few bytes at a time.
    Drip,
}

/// How Bitbucket asks for patience.
pub(crate) const RETRY_AFTER: &[Option<&str>] = &[
    None,
    Some("Retry-After: 0"),
    Some("Retry-After: 1"),
    Some("Retry-After: 3600"),
    Some("Retry-After: soon"),
    Some("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
];

/// How an organisation does.
pub(crate) const RESET: &[Option<&str>] = &[
    None,
    Some("Retry-After: 0"),
    Some("Retry-After: 1"),
    Some("X-RateLimit-Reset: 2015-10-21T07:28:00Z"),
    Some("X-RateLimit-Reset: 2999-12-31T23:59:59Z"),
    Some("X-RateLimit-Reset: tomorrow"),
];

impl Weather {
    /// Mostly calm.
    pub(crate) fn new(dice: &mut Dice) -> Self {
        match dice.of(0..=99) {
            0..=69 => Weather::Calm,
            70..=94 => Weather::Gusty,
            _ => Weather::Stuck,
        }
    }

    /// What becomes of the answer to one try of asking for one thing. It hangs on nothing else, so
    /// that a reader who asks for several things at once meets the same faults in whatever order.
    pub(crate) fn fault(
        self,
        seed: u64,
        thing: usize,
        attempt: usize,
        patience: &[Option<&'static str>],
    ) -> Fault {
        let dice = &mut Dice::new(&[seed, 1, thing as u64]);
        let hit = match self {
            Weather::Calm => false,
            Weather::Gusty | Weather::Stuck => dice.percent(40) && attempt < dice.of(1..=4),
        };
        if !hit {
            return Fault::None;
        }
        let dice = &mut Dice::new(&[seed, 2, thing as u64, attempt as u64]);
        match dice.of(0..=11) {
            0..=3 => Fault::Cut(dice.of(0..=999)),
            4..=7 => {
                let status = dice.pick(&[408, 425, 429, 429, 500, 502, 503, 504]);
                Fault::Status(status, dice.pick(patience))
            }
            8 => Fault::Redirect,
            9 => Fault::Html,
            _ if self == Weather::Stuck => dice.pick(&[Fault::Hang, Fault::Drip]),
            _ => Fault::Cut(0),
        }
    }
}

/// One request for a page, and what became of it.
#[derive(Debug)]
pub(crate) struct Told<A, P> {
    pub(crate) asked: A,
    /// What became of the answer, for people.
    #[expect(dead_code, reason = "shown where a seed is run alone")]
    pub(crate) fault: Fault,
    /// The page, where every byte of it was sent.
    pub(crate) page: Option<P>,
}
