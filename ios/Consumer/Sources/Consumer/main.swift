// What somebody can do who has the package and nothing else: sign in, and list the bucket.
import Foundation
import Jetbridge

func setting(_ name: String) -> String { ProcessInfo.processInfo.environment[name] ?? "" }

/// Stands in for browser and user: a program that signs in at the page, and prints where it ended.
struct Person: SignInBrowser {
    func open(_ url: URL, redirect: URL) async throws -> URL {
        let browser = Process()
        browser.executableURL = URL(fileURLWithPath: setting("JETBRIDGE_BROWSER"))
        browser.arguments = ["sign-in", url.absoluteString]
        let output = Pipe()
        browser.standardOutput = output
        try browser.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        browser.waitUntilExit()
        guard let end = URL(string: said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return end
    }
}

func text(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: setting("JETBRIDGE_CONFIG"))
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
}

let config = try JetbridgeConfig(oktaConfig: text("okta-config.json"), awsExports: text("aws-exports.json"))
let session = try JetbridgeSession(config: config, store: .memory)
try await session.signIn(browser: Person())
guard case .signedIn = session.state else { fatalError("not signed in: \(session.state)") }
print("signed in")

let listing = session.listing(ListingRequest(pageSize: 10))
var keys: [String] = []
while let page = try await listing.nextPage() { keys += page.objects.map(\.key) }
guard keys.contains("reports/2026/summary.csv") else { fatalError("not listed: \(keys)") }
print("listed \(keys.count) objects")
