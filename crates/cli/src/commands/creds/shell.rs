//! The lines by which a shell gets variables and loses them.

use jetbridge::quote_for_posix_shell;

/// Whose language the lines are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    Posix,
    PowerShell,
}

impl Shell {
    /// The one that a person most likely types into here.
    pub(super) const HERE: Self = if cfg!(windows) { Self::PowerShell } else { Self::Posix };

    /// In PowerShell a variable without a value is none (learn.microsoft.com, "about_Environment_Variables").
    pub(super) fn unset(self, names: &[&str]) -> String {
        match self {
            Self::Posix => format!("unset {}", names.join(" ")),
            Self::PowerShell => names.iter().map(|name| format!("$Env:{name} = $null")).collect::<Vec<_>>().join("; "),
        }
    }

    /// In PowerShell's single quotes all is literal but such a quote, which is doubled ("about_Quoting_Rules"); typographic
    /// ones count too, and no key or address has any.
    pub(super) fn set(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}={}", quote_for_posix_shell(value)),
            Self::PowerShell => format!("$Env:{name} = '{}'", value.replace('\'', "''")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_gets_its_own_lines() {
        let lines = |shell: Shell| [shell.unset(&["A", "B"]), shell.set("C", "it's $1")];
        assert_eq!(lines(Shell::Posix), ["unset A B", r"export C='it'\''s $1'"]);
        assert_eq!(lines(Shell::PowerShell), ["$Env:A = $null; $Env:B = $null", "$Env:C = 'it''s $1'"]);
    }
}
