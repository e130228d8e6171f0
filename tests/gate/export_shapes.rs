//! Rosters as people have them: separators, encodings, headings and words of the exports of
//! identity providers. Each is read, or refused with a whole message; none passes wrongly.

use crate::exports::{big_endian, check, little_endian, marked, utf_8};

/// An export of two people, in each of which a word says whether a second factor is registered.
struct Shape {
    encode: fn(&str) -> Vec<u8>,
    /// The heading and what may stand above it.
    heading: &'static str,
    /// A row, with `@` for the address and `?` for the word.
    row: &'static str,
    yes: &'static str,
    no: &'static str,
    /// What the policy says of it.
    roster: &'static str,
}

const fn shape(
    encode: fn(&str) -> Vec<u8>,
    heading: &'static str,
    row: &'static str,
    [yes, no]: [&'static str; 2],
) -> Shape {
    Shape { encode, heading, row, yes, no, roster: "" }
}

const fn named(roster: &'static str, shape: Shape) -> Shape {
    Shape { roster, ..shape }
}

const CAPABLE: &str =
    "roster: {email: User principal name, mfa: MFA, enabled: [Capable], disabled: [Not Capable]}\n";

const ATLASSIAN: &str =
    "Name,Email,Atlassian ID,Status,SAML single sign-on,Two-step verification\n";
const GOOGLE: &str = "First Name [Required],Email Address [Required],2sv Enrolled [READ ONLY],2sv \
    Enforced [READ ONLY]\n";
const GRAPH: &str = "\"Id\",\"UserPrincipalName\",\"IsMfaCapable\",\"IsMfaRegistered\"\n";

/// Every shape that is read.
const READ: [Shape; 36] = [
    // Words.
    shape(utf_8, "email,mfa\n", "@,?\n", ["true", "false"]),
    shape(utf_8, "email,mfa\n", "@,?\n", ["True", "False"]),
    shape(utf_8, "email,mfa\n", "@,?\n", ["YES", "no"]),
    shape(utf_8, "email,mfa\n", "@,?\n", ["Enabled", "Disabled"]),
    shape(utf_8, "email,mfa\n", "@,?\n", ["1", "0"]),
    shape(utf_8, "email,mfa\n", "@,?\n", ["on", "OFF"]),
    // An empty cell says nothing, which is not protected.
    shape(utf_8, "email,mfa\n", "@,?\n", ["yes", ""]),
    // Separators and encodings.
    named(
        "roster: {enabled: [\"WAHR,yes\"], disabled: [no]}\n",
        shape(utf_8, "email;mfa\r\n", "@;?\r\n", ["WAHR,yes", "no"]),
    ),
    shape(utf_8, "email;mfa\r\n", "@;?\r\n", ["yes", "no"]),
    shape(marked, "email;Name;mfa\n", "@;Lovelace, Ada;?\n", ["yes", "no"]),
    shape(marked, "sep=;\nemail;mfa\n", "@;?\n", ["yes", "no"]),
    shape(utf_8, "\"Name, first\";email;mfa\n", "\"Ada, \"\"A\"\"\";@;?\n", ["yes", "no"]),
    shape(utf_8, "email\tmfa\tName\n", "@\t?\tAda; Countess, of\n", ["yes", "no"]),
    shape(marked, "email\tmfa\r", "@\t?\r", ["yes", "no"]),
    shape(little_endian, "email\tmfa\r\n", "@\t?\r\n", ["yes", "no"]),
    shape(big_endian, "email\tmfa\r\n", "@\t?\r\n", ["yes", "no"]),
    shape(little_endian, "sep=\t\r\nemail\tmfa\r\n", "@\t?\r\n", ["yes", "no"]),
    shape(little_endian, "email,mfa,Name\n", "@,?,René 😀\n", ["yes", "no"]),
    shape(big_endian, "email;mfa\n", "@;?\n", ["yes", "no"]),
    // Atlassian.
    shape(utf_8, ATLASSIAN, "Ada,@,,Active,No,?\n", ["Yes", "No"]),
    shape(
        marked,
        "Name;Email;Status;SAML single sign-on;Two-step verification enabled\r\n",
        "Ada;@;Active;No;?\r\n",
        ["Yes", "No"],
    ),
    // Google Workspace.
    shape(utf_8, GOOGLE, "Ada,@,?,False\n", ["True", "False"]),
    shape(utf_8, GOOGLE, "Ada,@,?,True\n", ["True", "False"]),
    shape(
        little_endian,
        "Email Address [Required]\t2sv Enrolled [READ ONLY]\n",
        "@\t?\n",
        ["True", "False"],
    ),
    // Microsoft Graph by PowerShell.
    shape(utf_8, GRAPH, "\"1\",\"@\",\"?\",\"True\"\n", ["True", "False"]),
    shape(
        little_endian,
        "#TYPE Microsoft.Graph.PowerShell.Models.MicrosoftGraphUserRegistrationDetails\r\n\
         \"UserPrincipalName\",\"IsMfaCapable\"\r\n",
        "\"@\",\"?\"\r\n",
        ["True", "False"],
    ),
    shape(marked, "UserPrincipalName;IsMfaCapable\n", "@;?\n", ["True", "False"]),
    // What the policy names.
    named(CAPABLE, shape(utf_8, "User principal name,MFA\n", "@,?\n", ["Capable", "Not Capable"])),
    named(
        CAPABLE,
        shape(little_endian, "User principal name;MFA\n", "@;?\n", ["capable ", "NOT CAPABLE"]),
    ),
    named(
        "roster: {email: user, mfa: mfa_active}\n",
        shape(utf_8, "user,arn,mfa_active\n", "@,arn:aws:iam::1:user/a,?\n", ["true", "false"]),
    ),
    named(
        "roster: {mfa: has-2fa}\n",
        shape(utf_8, "username,email,has-2fa\n", "ada,@,?\n", ["1", "0"]),
    ),
    named(
        "roster: {mfa: Status, enabled: [Enrolled], disabled: [Not Enrolled, Bypass]}\n",
        shape(utf_8, "Email,Status\n", "@,?\n", ["Enrolled", "Bypass"]),
    ),
    named(
        "roster: {mfa: MFA Status, enabled: [Configured], disabled: [Not configured]}\n",
        shape(utf_8, "email\tMFA Status\n", "@\t?\n", ["Configured", "Not configured"]),
    ),
    named(
        "roster: {mfa: Faktor, enabled: [\"1\"], disabled: [\"0\"]}\n",
        shape(utf_8, "email;Faktor\n", "@;?\n", ["1", "0"]),
    ),
    // Microsoft's list per user: only with words that somebody has thought about.
    named(
        "roster: {email: UserPrincipalName, mfa: MFA Status, enabled: [Enforced], \
         disabled: [Enabled, Disabled]}\n",
        shape(utf_8, "UserPrincipalName,MFA Status\n", "@,?\n", ["Enforced", "Enabled"]),
    ),
    named(
        "roster: {mfa: Enabled, enabled: [\"no\"], disabled: [\"yes\"]}\n",
        shape(utf_8, "email,Enabled\n", "@,?\n", ["no", "yes"]),
    ),
];

#[test]
fn each_shape_is_read_and_none_passes_wrongly() {
    for Shape { encode, heading, row, yes, no, roster } in READ {
        for (words, code) in [([yes, yes], 0), ([yes, no], 1), ([no, yes], 1), ([no, no], 1)] {
            let rows = ["a@acme.example", "b@acme.example"].into_iter().zip(words);
            let rows = rows.map(|(email, word)| row.replace('@', email).replace('?', word));
            let text = heading.to_owned() + &rows.collect::<String>();
            let outcome = check(encode(&text), roster);
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert_eq!(outcome.code, code, "{roster}{text}: {said}");
        }
    }
}

/// What is said of a roster that is refused.
fn refused(text: impl AsRef<[u8]>, roster: &str) -> String {
    let outcome = check(text, roster);
    assert_eq!(outcome.code, 2, "{}{}", outcome.stdout, outcome.stderr);
    outcome.stderr
}

#[test]
fn columns_that_prove_nothing_are_refused() {
    let per_user = "UserPrincipalName;MFA Status\na@acme.example;Enabled\n";
    insta::assert_snapshot!(refused(per_user, ""), @r#"
    error: could not use the roster roster.csv:1: column 2, "MFA Status", is that of Microsoft's per-user MFA list, where "Enabled" means that a second factor was asked for, not that one is registered
      help: Export who has registered one, in PowerShell with `Get-MgReportAuthenticationMethodUserRegistrationDetail | Export-Csv`; its columns UserPrincipalName and IsMfaCapable are known.
    "#);
    let registered = "UserPrincipalName,IsMfaRegistered\na@acme.example,True\n";
    insta::assert_snapshot!(refused(registered, ""), @r#"
    error: could not use the roster roster.csv:1: column 2, "IsMfaRegistered", also counts methods that the tenant does not allow, so it does not prove a second factor
      help: Use the column IsMfaCapable of the same export. If the policy names the other one as mfa, delete that.
    "#);
    let named = "roster: {email: UserPrincipalName, mfa: IsMfaRegistered}\n";
    insta::assert_snapshot!(refused(little_endian(registered), named), @r#"
    error: could not use the roster roster.csv:1: column 2, "IsMfaRegistered", also counts methods that the tenant does not allow, so it does not prove a second factor
      help: Use the column IsMfaCapable of the same export. If the policy names the other one as mfa, delete that.
    "#);
    let enforced = "Email Address [Required],2sv Enforced [READ ONLY]\na@acme.example,True\n";
    insta::assert_snapshot!(refused(enforced, ""), @r#"
    error: could not use the roster roster.csv:1: column 2, "2sv Enforced [READ ONLY]", says who must use a second factor, not who has registered one
      help: Use the column "2sv Enrolled [READ ONLY]" of the same export. If the policy names the other one as mfa, delete that.
    "#);
    let word = "email\tmfa\na@acme.example\tEnabled\nb@acme.example\tEnforced\n";
    insta::assert_snapshot!(refused(word, ""), @r#"
    error: could not use the roster roster.csv:3: column 2, "mfa", says "Enforced": this column is that of Microsoft's per-user MFA list, where "Enabled" means that a second factor was asked for, not that one is registered
      help: Export who has registered one, in PowerShell with `Get-MgReportAuthenticationMethodUserRegistrationDetail | Export-Csv`; its columns UserPrincipalName and IsMfaCapable are known.
    "#);
}

#[test]
fn headings_that_are_not_known_are_refused() {
    let github = "login,name,tfa_enabled\nada,Ada,true\n";
    insta::assert_snapshot!(refused(github, ""), @r#"
    error: could not use the roster roster.csv:1: none of the columns "login", "name", "tfa_enabled" is known to hold addresses or account ids, and none is known to say who has a second factor
      help: Name the right ones in the policy by their headings: roster: {email: HEADING, mfa: HEADING}.
    "#);
    let aws = "user,arn,mfa_active\nada,arn:aws:iam::1:user/ada,true\n";
    insta::assert_snapshot!(refused(aws, ""), @r#"
    error: could not use the roster roster.csv:1: none of the columns "user", "arn", "mfa_active" is known to hold addresses or account ids, and none is known to say who has a second factor
      help: Name the right ones in the policy by their headings: roster: {email: HEADING, mfa: HEADING}.
    "#);
    let slack = "username,email,has-2fa\nada,a@acme.example,1\n";
    insta::assert_snapshot!(refused(slack, ""), @r#"
    error: could not use the roster roster.csv:1: none of the columns "username", "email", "has-2fa" is known to say who has a second factor
      help: Name the right ones in the policy by their headings: roster: {mfa: HEADING}. If the file has none, take `roster` out of `accept`.
    "#);
    let okta = "User;Factor;Status\na@acme.example;Okta Verify;ACTIVE\n";
    insta::assert_snapshot!(refused(okta, ""), @r#"
    error: could not use the roster roster.csv:1: none of the columns "User", "Factor", "Status" is known to hold addresses or account ids, and none is known to say who has a second factor
      help: Name the right ones in the policy by their headings: roster: {email: HEADING, mfa: HEADING}.
    "#);
    let misspelt = "roster: {email: E-Mail, mfa: Faktor, enabled: [ja]}\n";
    insta::assert_snapshot!(refused("Email;MFA\na@acme.example;ja\n", misspelt), @r#"
    error: could not use the roster roster.csv:1: none of the columns "Email", "MFA" is "E-Mail", which the policy names as email, and none is "Faktor", which the policy names as mfa
      help: Name the right ones in the policy by their headings: roster: {email: HEADING, mfa: HEADING, enabled: [ja]}.
    "#);
    insta::assert_snapshot!(refused("email|mfa\na@acme.example|yes\n", ""), @r#"
    error: could not use the roster roster.csv:1: none of the columns "email|mfa" is known to hold addresses or account ids, and none is known to say who has a second factor
      help: Name the right ones in the policy by their headings: roster: {email: HEADING, mfa: HEADING}.
    "#);
}

#[test]
fn shapes_with_two_meanings_are_refused() {
    let mixed = "Email,UserPrincipalName,IsMfaCapable\na@acme.example,b@acme.example,True\n";
    insta::assert_snapshot!(refused(mixed, ""), @r#"
    error: could not use the roster roster.csv:1: columns 1 and 2, "Email" and "UserPrincipalName", may both be meant as email
      help: Name the right one in the policy, by a heading that no other column has: roster: {email: HEADING}.
    "#);
    let separators = "email;mfa,sso\na@acme.example;yes,no\n";
    insta::assert_snapshot!(refused(separators, ""), @r"
    error: could not use the roster roster.csv:1: this heading may be separated by commas or by semicolons
      help: Put every cell that has one of the two in it in quotes.
    ");
    let both = "roster: {enabled: [Capable], disabled: [capable]}\n";
    insta::assert_snapshot!(refused("email,mfa\na@acme.example,Capable\n", both), @r"
    error: `capable` comes twice under `roster`
     --> policy.yaml:4:41
      |
    4 | roster: {enabled: [Capable], disabled: [capable]}
      |                    ------- first here   ^^^^^^^
      |
      = help: delete one of the two
    ");
    let numbers = "roster: {enabled: [1], disabled: []}\n";
    insta::assert_snapshot!(refused("email,mfa\na@acme.example,1\n", numbers), @r#"
    error: an entry of `enabled` must be text, not a number
     --> policy.yaml:4:20
      |
    4 | roster: {enabled: [1], disabled: []}
      |                    ^
      |
      = help: quote it: `"1"`

    error: `disabled` is empty
     --> policy.yaml:4:34
      |
    4 | roster: {enabled: [1], disabled: []}
      |                                  ^^
      |
      = help: write the words, as in `disabled: [WORD]`, or delete the key

    error: policy.yaml has 2 problems
    "#);
}

#[test]
fn words_that_are_not_known_are_refused() {
    let unknown = "email;mfa\na@acme.example;yes\nb@acme.example;Not Capable\n";
    insta::assert_snapshot!(refused(unknown, ""), @r#"
    error: could not use the roster roster.csv:3: column 2, "mfa", says "Not Capable", which is not a word that is known
      help: If this word means that a second factor is registered, write in the policy `roster: {enabled: ["Not Capable"]}`; if it means that none is, write `roster: {disabled: ["Not Capable"]}`. List the other words of this column in the same way, since then only listed words count.
    "#);
    insta::assert_snapshot!(refused(unknown, "roster: {email: email, enabled: [yes]}\n"), @r#"
    error: could not use the roster roster.csv:3: column 2, "mfa", says "Not Capable", which is not under `enabled` or `disabled` in the policy
      help: If this word means that a second factor is registered, write in the policy `roster: {email: email, enabled: ["yes", "Not Capable"]}`; if it means that none is, write `roster: {email: email, enabled: ["yes"], disabled: ["Not Capable"]}`.
    "#);
    insta::assert_snapshot!(refused("email,mfa,sso\na@acme.example,yes,google\n", ""), @r#"
    error: could not understand the roster roster.csv:2: column 3, "sso", says "google", which is not a word that is known
      help: It takes a CSV with a heading and a row for each account: its id (`account_id`) or its address (`email`), and yes or no, true or false, enabled or disabled, on or off, 1 or 0, or nothing where it is not known, for a second factor (`mfa`) or single sign-on (`sso`). Columns with other headings are named in the policy: roster: {email: Mail, mfa: 2FA}.
    "#);
}

#[test]
fn text_that_cannot_be_read_is_refused() {
    let latin = b"email;Name;mfa\na@acme.example;Ren\xe9;yes\n";
    insta::assert_snapshot!(refused(latin, ""), @r#"
    error: could not use the roster roster.csv:2: column 2 is not UTF-8
      help: Save it as UTF-8, as "CSV UTF-8" in a spreadsheet or with `-Encoding utf8` in PowerShell.
    "#);
    let text = "email\tmfa\na@acme.example\tyes\n";
    let (little, big) = (little_endian(text), big_endian(text));
    insta::assert_snapshot!(refused(&little[2..], ""), @r#"
    error: could not use the roster roster.csv:1: it is not text, or it is UTF-16 without a byte order mark
      help: Save it as UTF-8, as "CSV UTF-8" in a spreadsheet or with `-Encoding utf8` in PowerShell.
    "#);
    assert_eq!(refused(&big[2..], ""), refused(&little[2..], ""));
    insta::assert_snapshot!(refused(&little[..little.len() - 1], ""), @r#"
    error: could not use the roster roster.csv: it is UTF-16, and ends within a character
      help: Save it as UTF-8, as "CSV UTF-8" in a spreadsheet or with `-Encoding utf8` in PowerShell.
    "#);
    insta::assert_snapshot!(refused("email;mfa\na@acme.example;yes\nb@acme.example\n", ""), @r"
    error: could not understand the roster roster.csv:3: the heading has 2 columns, and this row has 1
      help: It takes a CSV with a heading and a row for each account: its id (`account_id`) or its address (`email`), and yes or no, true or false, enabled or disabled, on or off, 1 or 0, or nothing where it is not known, for a second factor (`mfa`) or single sign-on (`sso`). Columns with other headings are named in the policy: roster: {email: Mail, mfa: 2FA}.
    ");
    insta::assert_snapshot!(refused("", ""), @r"
    error: could not understand the roster roster.csv: it is empty
      help: It takes a CSV with a heading and a row for each account: its id (`account_id`) or its address (`email`), and yes or no, true or false, enabled or disabled, on or off, 1 or 0, or nothing where it is not known, for a second factor (`mfa`) or single sign-on (`sso`). Columns with other headings are named in the policy: roster: {email: Mail, mfa: 2FA}.
    ");
}
