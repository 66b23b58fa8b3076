// Nothing but what an app imports: this file is compiled only as long as that is enough. SE-0444 sees members where names of
// the top level are seen, so the name of the core's module stands for its members, which Swift 6.0 sees everywhere.
import Foundation
import Jetbridge
import Testing

/// An app imports `Jetbridge`, and so has the module whose types these are.
@Suite
struct OneImportTests {
    @Test("the module of the core is imported with ours")
    func exported() {
        #expect(JetbridgeFFI.Recovery.self == Recovery.self)
    }

    @Test("the members of what an app asks for and gets are seen")
    func members() {
        #expect(ListingRequest(prefix: "reports/").prefix == "reports/")
        #expect(JetbridgeError.userCancelled.recovery == .ignore)
        #expect(SessionState.signedOut != .notLoaded)
        let keys = AwsCredentials(
            accessKeyID: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token", expiration: .now)
        #expect(keys.accessKeyID == "ASIAEXAMPLE" && keys.secretAccessKey + keys.sessionToken == "secrettoken")
        #expect(AccessToken(value: "token").value == "token" && keys.expiration <= .now)
        #expect(IdTokenClaims(subject: "00u", groups: ["admins"]).groups == ["admins"])
        #expect(\AuthorizationRequest.url as KeyPath<AuthorizationRequest, URL> != \.redirectURL)
    }
}
