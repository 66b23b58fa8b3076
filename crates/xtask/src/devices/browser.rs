//! What a person does next in the browser, between an app's button and the app again: past Chrome's first screens, through the
//! local stack's sign-in page (`crates/local-stack/src/okta/pages.rs`).
//!
//! Chrome's names of views are those of its sources (chromium/src, chrome/android/java/res: `fre_tosanduma.xml`,
//! `fullscreen_signin_*.xml`, `privacy_sandbox_*.xml`); Okta's own tests of their Android SDK go by the same
//! (okta/okta-oidc-android, `terms_accept`, `negative_button`).

use super::screen::{Node, Screen};

/// In the order in which a screen that has several of them is left soonest, and what stands on them in English.
const FIRST_SCREENS: [(&str, &str); 6] = [
    ("com.android.chrome:id/signin_fre_dismiss_button", "Use without an account"),
    ("com.android.chrome:id/terms_accept", "Accept & continue"),
    ("com.android.chrome:id/negative_button", "No thanks"),
    ("com.android.chrome:id/ack_button", "Got it"),
    ("com.android.chrome:id/more_button", "More"),
    ("com.android.chrome:id/button_secondary", "Skip"),
];

/// Who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) login: &'static str,
    pub(crate) password: &'static str,
}

/// The next thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To leave one of Chrome's own screens.
    Pass(Node),
    /// To put the login into this field, which has so many characters in it.
    FillLogin(Node, usize),
    /// To put the password into this field and to press Enter, which is the page's own button.
    FillPassword(Node),
    /// The page has all it needs, and is still there.
    Submit(Node),
    /// There is nothing to do here.
    Wait,
}

/// From what is on the screen alone: whatever was lost on the way is done again.
pub(crate) fn next_step(screen: &Screen, person: Person) -> Result<Step, String> {
    if let Some(problem) = screen.by_id("problem") {
        return Err(format!("the sign-in page says: {}", problem.words()));
    }
    if let Some(login) = screen.field("username", false) {
        if login.text() != person.login {
            return Ok(Step::FillLogin(login.clone(), login.text().chars().count()));
        }
        return Ok(match (screen.field("password", true), screen.button("Sign in")) {
            // It shows a dot for each character.
            (Some(password), _) if password.text().is_empty() => Step::FillPassword(password.clone()),
            (_, Some(button)) => Step::Submit(button.clone()),
            _ => Step::Wait,
        });
    }
    let first = FIRST_SCREENS.iter().find_map(|(id, words)| screen.by_id(id).or_else(|| screen.button(words)));
    Ok(first.filter(|node| node.is_enabled()).map_or(Step::Wait, |node| Step::Pass(node.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Person = Person { login: "alice@example.com", password: "open-sesame" };

    fn node(id: &str, class: &str, text: &str) -> String {
        let password = id == "password";
        format!(
            "<node text=\"{text}\" resource-id=\"{id}\" class=\"android.{class}\" content-desc=\"\" enabled=\"true\" \
             password=\"{password}\" bounds=\"[0,0][100,100]\" />"
        )
    }

    fn page(login: &str, password: &str) -> String {
        [
            node("com.android.chrome:id/title_bar", "widget.TextView", "Sign in · Jetbridge local stack"),
            node("", "view.View", "Sign in"),
            node("username", "widget.EditText", login),
            node("password", "widget.EditText", password),
            node("", "widget.Button", "Sign in"),
        ]
        .concat()
    }

    fn next(nodes: &str) -> Step {
        next_step(&Screen::parse(&format!("<hierarchy>{nodes}</hierarchy>")).unwrap(), ALICE).unwrap()
    }

    #[test]
    fn the_page_is_filled_in_field_by_field_and_again_where_it_was_lost() {
        assert!(matches!(next(&page("", "")), Step::FillLogin(field, 0) if field.id() == "username"));
        assert!(matches!(next(&page("alice@exam", "")), Step::FillLogin(_, 10)));
        assert!(matches!(next(&page(ALICE.login, "")), Step::FillPassword(field) if field.id() == "password"));
        assert!(matches!(next(&page(ALICE.login, "•••••••••••")), Step::Submit(button) if button.text() == "Sign in"));
    }

    #[test]
    fn chromes_own_screens_are_left() {
        let welcome = node("com.android.chrome:id/title", "widget.TextView", "Welcome to Chrome")
            + &node("com.android.chrome:id/terms_accept", "widget.Button", "Accept &amp; continue");
        assert!(matches!(next(&welcome), Step::Pass(button) if button.text() == "Accept & continue"));
        let account = node("com.android.chrome:id/signin_fre_continue_button", "widget.Button", "Continue as …")
            + &node("com.android.chrome:id/signin_fre_dismiss_button", "widget.Button", "Use without an account");
        assert!(matches!(next(&account), Step::Pass(button) if button.text() == "Use without an account"));
        // Of another name, by its words.
        assert!(matches!(next(&node("x:id/y", "widget.Button", "No thanks")), Step::Pass(_)));
        let disabled = node("com.android.chrome:id/terms_accept", "widget.Button", "Accept")
            .replace("enabled=\"true\"", "enabled=\"false\"");
        assert_eq!(next(&disabled), Step::Wait);
    }

    #[test]
    fn nothing_is_done_while_a_page_loads_and_a_refusal_is_told() {
        assert_eq!(next(&node("com.android.chrome:id/title_bar", "widget.TextView", "127.0.0.1")), Step::Wait);
        assert_eq!(next(""), Step::Wait);
        let refused =
            node("problem", "view.View", "Unable to sign in: the username or the password is wrong.") + &page("", "");
        let screen = Screen::parse(&format!("<hierarchy>{refused}</hierarchy>")).unwrap();
        assert!(next_step(&screen, ALICE).unwrap_err().contains("the password is wrong"));
    }
}
