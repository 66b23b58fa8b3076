//! A row of the table: what a service says, what kind of trouble that is, why it happens and what to change.

use crate::diagnosis::answer::Refusal;
use crate::diagnosis::denier::denied;
use crate::diagnosis::evidence::Evidence;
use crate::error::{Service, SessionError, SignInReason};

/// What the app is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// The setting that is wrong, by its name in the configuration files or consoles.
    Misconfigured(&'static str),
    AccessDenied,
    Retryable,
    NotFound,
    ConditionNotMet,
    SignIn,
}

impl Kind {
    /// As [`SessionError::kind`] has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Misconfigured(_) => "misconfigured",
            Self::AccessDenied => "access_denied",
            Self::Retryable => "retryable",
            Self::NotFound => "not_found",
            Self::ConditionNotMet => "condition_not_met",
            Self::SignIn => "sign_in_required",
        }
    }

    pub(crate) fn setting(self) -> Option<&'static str> {
        match self {
            Self::Misconfigured(setting) => Some(setting),
            _ => None,
        }
    }
}

type Explain = fn(&Refusal, &Evidence) -> SessionError;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// A stable name, for pages and tests.
    pub id: &'static str,
    /// Nobody: no call of this library hears it, but other tools do that a reader of the page uses.
    pub service: Option<Service>,
    pub code: &'static str,
    /// A piece of the message, word by word. Empty: whatever the message.
    pub fragment: &'static str,
    pub kind: Kind,
    pub cause: &'static str,
    /// What passes by itself has the advice of its cause (`error.rs`) in place of one.
    pub fix: &'static str,
    /// The message as a whole, in each form that is known, with … for what varies: who searches for it finds it on the page.
    pub messages: &'static [&'static str],
    /// Who documents the code and the words.
    pub source: &'static str,
    /// More than the row's words decides; the row says what it usually is.
    explain: Option<Explain>,
    looks_at_token: bool,
}

impl Row {
    pub(super) const fn of(
        service: Option<Service>,
        id: &'static str,
        code: &'static str,
        fragment: &'static str,
        kind: Kind,
        cause: &'static str,
        fix: &'static str,
    ) -> Self {
        Self {
            id,
            service,
            code,
            fragment,
            kind,
            cause,
            fix,
            messages: &[],
            source: "",
            explain: None,
            looks_at_token: false,
        }
    }

    pub(super) const fn says(self, messages: &'static [&'static str]) -> Self {
        Self { messages, ..self }
    }

    pub(super) const fn from(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    pub(super) const fn explained_by(self, explain: Explain) -> Self {
        Self { explain: Some(explain), ..self }
    }

    /// The ID token that was refused is compared with the configuration, and what is found is told.
    pub(super) const fn looking_at_token(self) -> Self {
        Self { looks_at_token: true, ..self }
    }

    pub(crate) fn is_about(&self, refusal: &Refusal) -> bool {
        self.service == Some(refusal.service) && self.code == refusal.code && refusal.message.contains(self.fragment)
    }

    pub(super) fn explain(&self, refusal: &Refusal, evidence: &Evidence) -> SessionError {
        if let Some(explain) = self.explain {
            return explain(refusal, evidence);
        }
        let fill = |text: &str| evidence.fill(text).replace("{words}", &refusal.words().unwrap_or_default());
        let (mut cause, mut fix) = (fill(self.cause), fill(self.fix));
        if let Some(token) = evidence.id_token.as_ref().filter(|_| self.looks_at_token) {
            let differences = token.differences(&evidence.issuer, &evidence.client_id, evidence.now);
            if differences.is_empty() {
                fix.push_str(&format!(" The ID token is as configured ({}): what differs is at AWS.", token.summary()));
            } else {
                cause.push_str(&format!("; the ID token {}", differences.join(", and ")));
            }
            if evidence.places.are_stand_ins() {
                fix.push_str(" Of servers on this machine: both must be of one local stack.");
            }
        }
        let knows_message = !self.fragment.is_empty();
        let said = if knows_message { refusal.label() } else { refusal.said() };
        match self.kind {
            Kind::Misconfigured(setting) => SessionError::Misconfigured {
                setting: setting.to_owned(),
                problem: format!("{cause} ({said})"),
                hint: fix,
            },
            Kind::AccessDenied => {
                let words = refusal.words().filter(|_| !knows_message);
                let says = words.map(|words| format!(" {} says: {words}", refusal.service)).unwrap_or_default();
                denied(refusal, format!("{}. {fix}{says}", capitalise(&cause)))
            }
            Kind::Retryable => SessionError::Retryable { failure: format!("{cause} ({said})"), retry_after: None },
            Kind::NotFound => SessionError::NotFound { what: format!("{cause} ({said})") },
            Kind::ConditionNotMet => SessionError::ConditionNotMet { what: format!("{cause} ({said})") },
            Kind::SignIn => SessionError::SignInRequired { reason: sign_in_reason(refusal) },
        }
    }
}

fn sign_in_reason(refusal: &Refusal) -> SignInReason {
    let code = refusal.code.clone();
    match (refusal.service, refusal.code.as_str()) {
        (Service::Okta, "invalid_grant") if refusal.message.contains("refresh token") => {
            SignInReason::RefreshTokenRefused { code }
        }
        (Service::Okta, "invalid_grant") => SignInReason::AuthorizationCodeRefused,
        (Service::Okta, _) => SignInReason::InteractionRequired { code },
        _ => SignInReason::IdTokenRefused { code },
    }
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Defines `row`, with which a file of the table writes the rows of its service.
macro_rules! rows_of {
    ($service:expr) => {
        const fn row(
            id: &'static str,
            code: &'static str,
            fragment: &'static str,
            kind: Kind,
            cause: &'static str,
            fix: &'static str,
        ) -> Row {
            Row::of($service, id, code, fragment, kind, cause, fix)
        }
    };
}
pub(super) use rows_of;
