//! Which ids belong to one person: those that one member or one exemption has together (pure).

use std::collections::HashMap;

use crate::member::Ids;

/// What sort of id it is. The same text as another sort of id may be that of another person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    AccountId,
    Uuid,
    Email,
    /// Where a row of a file stands that has no id.
    Row,
}

impl Kind {
    /// What pseudonyms of this kind are made with, so that the same text as another kind of id
    /// gives another pseudonym.
    pub(super) fn label(self) -> &'static str {
        match self {
            Kind::AccountId => "account id",
            Kind::Uuid => "uuid",
            Kind::Email => "email",
            Kind::Row => "row",
        }
    }
}

type Id<'a> = (Kind, &'a str);

/// From the id that names a person best to the one that does least.
fn each(ids: Ids<'_>) -> impl Iterator<Item = Id<'_>> {
    [Kind::AccountId, Kind::Uuid, Kind::Email]
        .into_iter()
        .zip(ids.each())
        .filter_map(|(kind, id)| Some((kind, id?)))
}

/// For each id the one that stands for its person.
///
/// Ids that cannot be told apart by person, such as an address that two accounts share, stand for
/// themselves: what was equal stays equal and nothing else becomes equal, so that redaction never
/// changes a verdict.
pub(super) struct People(HashMap<(Kind, Box<str>), (Kind, Box<str>)>);

impl People {
    pub(super) fn new<'a>(seen: impl IntoIterator<Item = Ids<'a>>) -> Self {
        let mut together = Together::default();
        for ids in seen {
            let mut each = each(ids);
            let Some(first) = each.next() else { continue };
            for other in each {
                together.join(first, other);
            }
        }
        let mut persons: HashMap<Id<'a>, Vec<Id<'a>>> = HashMap::new();
        for (id, root) in together.rooted() {
            persons.entry(root).or_default().push(id);
        }
        let owned = |(kind, id): Id<'_>| (kind, id.into());
        let mut stands_for = HashMap::new();
        for ids in persons.into_values() {
            if let Some(main) = main(&ids) {
                stands_for.extend(ids.into_iter().map(|id| (owned(id), owned(main))));
            }
        }
        People(stands_for)
    }

    /// The id that stands for the person who has this one.
    pub(super) fn main<'s>(&'s self, kind: Kind, id: &'s str) -> (Kind, &'s str) {
        // A tuple key cannot be looked up by borrowed parts.
        let main = self.0.get(&(kind, id.into()));
        main.map_or((kind, id), |(kind, id)| (*kind, id))
    }
}

/// Ids that were seen together, as a union-find structure: each leads to another one of its
/// person, and the last one to itself.
#[derive(Default)]
struct Together<'a>(HashMap<Id<'a>, Id<'a>>);

impl<'a> Together<'a> {
    fn join(&mut self, one: Id<'a>, other: Id<'a>) {
        let (root, other_root) = (self.root(one), self.root(other));
        self.0.insert(other_root, root);
    }

    /// The last one of the ids that this one leads to. Every other step is cut short on the way, so
    /// that no way stays long.
    fn root(&mut self, mut id: Id<'a>) -> Id<'a> {
        loop {
            let parent = *self.0.entry(id).or_insert(id);
            if parent == id {
                return id;
            }
            let further = *self.0.entry(parent).or_insert(parent);
            self.0.insert(id, further);
            id = further;
        }
    }

    /// Every id with its root.
    fn rooted(mut self) -> Vec<(Id<'a>, Id<'a>)> {
        let ids: Vec<Id<'a>> = self.0.keys().copied().collect();
        ids.into_iter().map(|id| (id, self.root(id))).collect()
    }
}

/// Of ids that were seen together, the one that stands for all of them; none where they cannot be of
/// one person.
fn main<'a>(ids: &[Id<'a>]) -> Option<Id<'a>> {
    let main = ids.iter().min_by_key(|(kind, _)| *kind)?;
    let has = |kind| ids.iter().filter(|id| id.0 == kind).count();
    let is_one = [Kind::AccountId, Kind::Uuid, Kind::Email].into_iter().all(|kind| has(kind) <= 1);
    is_one.then_some(*main)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<'a>(account_id: &'a str, uuid: &'a str, email: &'a str) -> Ids<'a> {
        let given = |id: &'a str| Some(id).filter(|id| !id.is_empty());
        Ids { account_id: given(account_id), uuid: given(uuid), email: given(email) }
    }

    #[test]
    fn one_person_has_one_id_that_stands_for_all() {
        let people = People::new([ids("a", "u", ""), ids("", "u", "e"), ids("", "v", "f")]);
        for (kind, id, main) in [
            (Kind::AccountId, "a", (Kind::AccountId, "a")),
            (Kind::Uuid, "u", (Kind::AccountId, "a")),
            (Kind::Email, "e", (Kind::AccountId, "a")),
            (Kind::Uuid, "v", (Kind::Uuid, "v")),
            (Kind::Email, "f", (Kind::Uuid, "v")),
            (Kind::Email, "never seen", (Kind::Email, "never seen")),
            (Kind::Email, "u", (Kind::Email, "u")),
        ] {
            assert_eq!(people.main(kind, id), main, "{kind:?} {id}");
        }
    }

    #[test]
    fn ids_that_several_people_share_stand_for_themselves() {
        let people = People::new([ids("a", "u", "e"), ids("b", "v", "e"), ids("c", "w", "g")]);
        for (kind, id) in [(Kind::Uuid, "u"), (Kind::Uuid, "v"), (Kind::Email, "e")] {
            assert_eq!(people.main(kind, id), (kind, id));
        }
        assert_eq!(people.main(Kind::Email, "g"), (Kind::AccountId, "c"));
    }
}
