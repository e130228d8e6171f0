//! The picture of the console: what the README's first command prints, in its colours.

use std::fs;

use anstyle::{AnsiColor, RgbColor};
use anstyle_svg::{Palette, Term, WIN10_CONSOLE};

use super::{compare, first_command, root};
use crate::support::run_in;

/// A terminal, as wide as its widest line.
fn terminal() -> Term {
    let Palette(mut colors) = WIN10_CONSOLE;
    // The red of that console is hard to read on its black.
    colors[AnsiColor::Red as usize] = RgbColor(255, 107, 104);
    Term::new()
        .palette(Palette(colors))
        .fg_color(AnsiColor::White.into())
        .bg_color(AnsiColor::Black.into())
}

#[test]
fn the_picture_is_of_what_the_first_command_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let command = first_command(&readme);
    let outcome = run_in(root(), &[&command[..], &["--color", "always"]].concat(), &[]);
    // A line of the shell is as wide as the rest of the picture.
    let typed = command.join(" ").replace(" --members", " \\\n    --members");
    let shown = format!("$ mfa-gate {typed}\n{}", outcome.stdout);
    // What is faint has to be readable on a page, too.
    let picture = terminal().render_svg(&shown).replace("opacity: 0.4", "opacity: 0.7");
    let file = "docs/images/console.svg";
    compare(file, &fs::read_to_string(root().join(file)).unwrap_or_default(), &picture);
    assert!(readme.contains(&format!("({file})")), "the README does not show it");
}
