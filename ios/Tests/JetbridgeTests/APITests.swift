import Foundation
import Testing

@testable import Jetbridge

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Calls of the stack's API, which verifies every signature, and of a server that says what it is told to.
@MainActor
@Suite(.timeLimit(.minutes(5)))
struct APITests {
    /// With the delegate of the session, not of a task: that one, Linux's Foundation does not ask about redirects
    /// (swift-corelibs-foundation, 384ff68, HTTPURLProtocol.swift, `redirectFor(request:)`).
    private let urlSession = URLSession(configuration: .ephemeral, delegate: RefusedRedirects(), delegateQueue: nil)

    private func request(_ path: String, of bench: Bench) throws -> URLRequest {
        let exports = try #require(
            JSONSerialization.jsonObject(with: Data(bench.stack.awsExportsJson().utf8)) as? [String: Any])
        let endpoints = try #require((exports["API"] as? [String: Any])?["endpoints"] as? [[String: Any]])
        let address = try #require(endpoints.first?["endpoint"] as? String)
        return URLRequest(url: try #require(URL(string: address.trimming("/") + path)))
    }

    /// What the API's function was called with.
    private func event(_ data: Data) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("a request arrives as it was and says who calls, and any answer is the app's")
    func sent() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        var request = try request("/echo?b=a%20b&a=%2B%C3%A9", of: bench)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(#"{"text": "plants"}"#.utf8)
        let (data, response) = try await session.data(for: request)
        #expect(response.statusCode == 200 && response.url == request.url)
        #expect(response.value(forHTTPHeaderField: "Content-Type") == "application/json")
        let seen = try event(data)
        #expect(seen["rawQueryString"] as? String == "b=a%20b&a=%2B%C3%A9")
        #expect(seen["body"] as? String == #"{"text": "plants"}"#)
        #expect(try await "\(seen)".contains(session.credentials().accessKeyID))
        for status in [201, 301, 404, 418] {
            let answer = try await session.data(for: self.request("/status/\(status)", of: bench))
            #expect(answer.1.statusCode == status)
        }
    }

    @Test("what the role may not do, and whom nobody configured, is explained")
    func refused() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let denied = try await error { _ = try await session.data(for: request("/denied", of: bench)) }
        guard case .accessDenied(.api, _, _, let hint) = denied else { throw denied }
        #expect(hint.contains("execute-api:Invoke") && denied.recovery == .askForAccess)
        var foreign = URLRequest(url: try #require(URL(string: "https://api.example.com/notes")))
        let unknown = try await error { _ = try await session.data(for: foreign) }
        guard case .misconfigured = unknown else { throw unknown }
        #expect(unknown.logDescription.contains("API.endpoints"))
        #expect(try await error { try await session.authorize(&foreign) } == unknown)
        #expect(foreign.allHTTPHeaderFields?.isEmpty != false)
        try await session.authorize(&foreign, service: "execute-api", region: "eu-central-1")
        #expect(foreign.value(forHTTPHeaderField: "Authorization")?.contains("/eu-central-1/execute-api/") == true)
        var streamed = try request("/echo", of: bench)
        streamed.httpMethod = "POST"
        streamed.httpBodyStream = InputStream(data: Data("once".utf8))
        let stream = try await error { _ = try await session.data(for: streamed) }
        guard case .misconfigured("URLRequest.httpBodyStream", _, _) = stream else { throw stream }
    }

    @Test("a URLSession sends what was signed for it, and what was changed afterwards is refused")
    func signed() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        for method in ["GET", "POST"] {
            var request = try request("/echo?x=1", of: bench)
            request.httpMethod = method
            if method == "POST" { request.httpBody = Data("plants".utf8) }
            try await session.authorize(&request)
            // A second time, as after a while: nothing of the first is left.
            try await session.authorize(&request)
            let (data, response) = try await urlSession.data(for: request)
            #expect((response as? HTTPURLResponse)?.statusCode == 200, "\(String(decoding: data, as: UTF8.self))")
            request.url = try self.request("/echo?x=2", of: bench).url
            let changed = try await urlSession.data(for: request).1
            #expect((changed as? HTTPURLResponse)?.statusCode == 403)
        }
    }

    @Test("no redirect is followed with the session's token, neither by the session nor by a URLSession")
    func redirects() async throws {
        let bench = try await Bench()
        let (api, thief) = (try ScriptedServer(), try ScriptedServer())
        defer { for server in [api, thief] { server.close() } }
        thief.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        api.answer = """
            HTTP/1.1 307 Temporary Redirect\r
            Location: http://127.0.0.1:\(thief.port)/\r
            Content-Length: 0\r
            Connection: close\r\n\r\n
            """
        let session = try await self.session(with: api, of: bench)
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(api.port)/")))
        #expect(try await session.data(for: request).1.statusCode == 307)
        try await session.authorize(&request)
        let response = try await urlSession.data(for: request).1
        #expect((response as? HTTPURLResponse)?.statusCode == 307)
        #expect(thief.asked.isEmpty && api.asked.count == 2)
        #expect(try api.asked.allSatisfy { try bench.secrets(in: $0) > 0 })
        // That there is something to refuse: left alone, a URLSession takes the token along.
        _ = try await URLSession.shared.data(for: request)
        #expect(try thief.asked.contains { try bench.secrets(in: $0) > 0 })
    }

    @Test("a cancelled call is broken off, also one that nobody answers")
    func cancelled() async throws {
        let bench = try await Bench()
        let silent = try ScriptedServer()
        defer { silent.close() }
        let session = try await session(with: silent, of: bench)
        let request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(silent.port)/")))
        let call = Task { try await session.data(for: request).1.statusCode }
        try await eventually("the call is on its way") { silent.asked.count == 1 }
        call.cancel()
        #expect(try await error { _ = try await call.value } == .cancelled)
        try await eventually("nobody waits for the answer any more") { silent.left == 1 }
    }

    /// A session whose configuration names this server as its API, signed in.
    private func session(with api: ScriptedServer, of bench: Bench) async throws -> JetbridgeSession {
        var exports = try event(Data(bench.stack.awsExportsJson().utf8))
        exports["API"] = [
            "endpoints": [["name": "scripted", "endpoint": "http://127.0.0.1:\(api.port)", "region": "us-west-2"]]
        ]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: exports), as: UTF8.self)
        let config = try JetbridgeConfig(oktaConfig: bench.stack.oktaConfigJson(), awsExports: text)
        let session = JetbridgeSession(config: config, core: try bench.stack.session(config.core, bench.store))
        try await session.signIn(browser: bench.person)
        return session
    }
}

extension String {
    fileprivate func trimming(_ end: String) -> String { hasSuffix(end) ? String(dropLast(end.count)) : self }
}
