//! The pages that a person sees. They work without JavaScript and load nothing: style and icon are in the page.

use std::sync::LazyLock;

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::options::DemoUser;

const STYLE: &str = include_str!("style.css");
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect \
                    width='32' height='32' rx='8' fill='%234059d6'/%3E%3Cpath d='M6 21c4-9 16-9 20 0M11 21v-4m5 \
                    4v-6m5 6v-4' stroke='white' stroke-width='2.4' stroke-linecap='round' fill='none'/%3E%3C/svg%3E";

/// The policy names the style by its hash, so no other style or script can run in the page.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

/// The sign-in page of one authorization request.
pub(super) struct SignInPage<'a> {
    pub action: String,
    pub form_token: &'a str,
    /// Where the form's answer redirects to; browsers hold that against the page's policy too.
    pub redirect_uri: &'a str,
    pub username: &'a str,
    /// What to tell the person about the last attempt.
    pub problem: Option<&'a str>,
    pub users: &'a [DemoUser],
}

impl SignInPage<'_> {
    pub(super) fn to_response(&self, status: StatusCode) -> Response {
        // The cursor belongs where typing goes on.
        let username_first = self.username.is_empty();
        let body = html! {
            h1 { "Sign in" }
            p.lead { "to continue to " strong { "Jetbridge" } }
            @if let Some(problem) = self.problem {
                p.problem role="alert" id="problem" { (problem) }
            }
            form method="post" action=(self.action) {
                input type="hidden" name="form_token" value=(self.form_token);
                label for="username" { "Username" }
                input #username type="text" name="username" value=(self.username) autocomplete="username"
                    autocapitalize="none" spellcheck="false" inputmode="email" required autofocus[username_first]
                    aria-invalid=[self.problem.map(|_| "true")] aria-describedby=[self.problem.map(|_| "problem")];
                label for="password" { "Password" }
                input #password type="password" name="password" autocomplete="current-password" required
                    autofocus[!username_first]
                    aria-invalid=[self.problem.map(|_| "true")] aria-describedby=[self.problem.map(|_| "problem")];
                // First in the form, so that the Enter key signs in.
                button.primary type="submit" name="action" value="sign_in" { "Sign in" }
                button type="submit" name="action" value="cancel" formnovalidate { "Cancel" }
            }
            aside {
                h2 { "Users of this local stack" }
                table {
                    thead { tr { th { "Username" } th { "Password" } } }
                    tbody {
                        @for user in self.users {
                            tr {
                                td { (user.login) @if !user.assigned { " " small { "not assigned to the app" } } }
                                td { code { (user.password) } }
                            }
                        }
                    }
                }
            }
        };
        page_response(status, "Sign in", &body, &form_targets(self.redirect_uri))
    }
}

/// Tells the person what went wrong, in the lines of Okta's page (quoted in joshp23/YOURLS-OIDC#5 and
/// oktadev/okta-node-express-typescript-react-example#12). Okta translates what stands before the colons
/// (oktadev/okta-aspnetcore-mvc-example#14), which the stack does not.
pub(super) fn error_page(status: StatusCode, code: &str, description: &str) -> Response {
    let body = html! {
        h1 { (status.as_str()) " " (status.canonical_reason().unwrap_or_default()) }
        p { "Your request resulted in an error." }
        p.lead { "Identity Provider: Unknown" }
        p.lead { "Error Code: " (code) }
        p.problem role="alert" { "Description: " (description) }
    };
    page_response(status, "Error", &body, "'none'")
}

pub(super) fn signed_out_page() -> Response {
    let body = html! {
        h1 { "Signed out" }
        p.lead { "You can close this window." }
    };
    page_response(StatusCode::OK, "Signed out", &body, "'none'")
}

/// The form posts to the stack, which redirects to the app; both must be allowed.
fn form_targets(redirect_uri: &str) -> String {
    let app = Url::parse(redirect_uri).map(|uri| match uri.scheme() {
        "http" | "https" => uri.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    });
    format!("'self' {}", app.unwrap_or_default())
}

fn page_response(status: StatusCode, title: &str, body: &Markup, form_action: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Jetbridge local stack" }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    img.mark src=(ICON) alt="" width="40" height="40";
                    (body)
                }
                footer { "Jetbridge local stack: plays the part of Okta on this machine" }
            }
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; form-action {form_action}; base-uri 'none'; \
         frame-ancestors 'none'",
        *STYLE_HASH
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (status, headers, page.into_string()).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_the_form_to_reach_the_app_and_nobody_else() {
        assert_eq!(form_targets("http://127.0.0.1:8765/callback"), "'self' http://127.0.0.1:8765");
        assert_eq!(form_targets("com.okta.local-jetbridge:/callback"), "'self' com.okta.local-jetbridge:");
    }
}
