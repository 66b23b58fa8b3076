// Who is signed in, and the two clocks: people who see only one of them cannot tell which has run out.
import SwiftUI

struct AccountSection: View {
    let account: Account

    var body: some View {
        Section {
            HStack(spacing: 14) {
                Initials(text: account.initials)
                VStack(alignment: .leading, spacing: 2) {
                    Text(account.name).font(.headline)
                    Group {
                        if let email = account.email { Text(email) } else { Text("Signed in") }
                    }
                    .font(.subheadline)
                    .foregroundStyle(.secondary)
                }
            }
            .accessibilityElement(children: .combine)
            .accessibilityIdentifier("account")
            LabeledContent("Okta session") { account.okta.text }
            LabeledContent("AWS keys") { account.aws.text }
        }
    }
}

/// A picture that every account has. The name beside it says the same, so it is silent.
private struct Initials: View {
    let text: String
    @ScaledMetric(relativeTo: .headline) private var side = 44.0

    var body: some View {
        Text(text)
            .font(.headline)
            .foregroundStyle(.tint)
            .frame(width: side, height: side)
            .background(Theme.wash, in: Circle())
            .accessibilityHidden(true)
    }
}

extension Clock {
    fileprivate var text: Text {
        switch reading {
        case .notNeededYet: Text("Not needed yet")
        case .renewedAtNextUse: Text("Renewed at next use")
        case .signInAgain: Text("Sign in again")
        case .underAMinute: Text("under a minute")
        case .left(let time): Text("\(time.formatted(.remaining)) left")
        }
    }
}

extension FormatStyle where Self == Duration.UnitsFormatStyle {
    /// "1 hr, 5 min": whole minutes, as a parking meter counts them.
    fileprivate static var remaining: Self {
        .units(allowed: [.hours, .minutes], width: .abbreviated, fractionalPart: .hide(rounded: .down))
    }
}
