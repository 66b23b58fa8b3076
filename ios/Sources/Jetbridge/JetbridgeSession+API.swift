import Foundation
import JetbridgeFFI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension JetbridgeSession {
    /// Signs a request to an API behind IAM, for a `URLSession` of the app's own. Call it last: whatever is changed afterwards
    /// is not what was signed. The signature is good for five minutes, for this one request.
    ///
    /// A `URLSession` sends the headers of a request along when it follows a redirect, the session's token among them: make it
    /// with a ``RefusedRedirects``.
    public nonisolated func authorize(
        _ request: inout URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) {
        // It may be the second time for the same request, which then has a signature that is none of its own headers.
        var bare = request
        bare.removeSignature()
        let asked = try ApiRequest(bare, service: service, region: region)
        let signed = try await interruptibly { try await $0.signRequest(request: asked) }
        request.removeSignature()
        for header in signed.headers() { request.setValue(header.value, forHTTPHeaderField: header.name) }
    }

    /// Sends a request to an API behind IAM, signed, and gives whatever the API answers, redirects too. It goes the way of all
    /// of this library's requests and not through a `URLSession`: keys are renewed before and, if the API refuses them,
    /// once more; what was refused is a ``JetbridgeError`` with its reason.
    public nonisolated func data(
        for request: URLRequest, service: String?, region: String?
    ) async throws(JetbridgeError) -> (Data, HTTPURLResponse) {
        let asked = try ApiRequest(request, service: service, region: region)
        let answer = try await interruptibly { try await $0.callApi(request: asked) }
        let headers = Dictionary(answer.headers().map { ($0.name, $0.value) }) { "\($0), \($1)" }
        guard let url = request.url,
            let response = HTTPURLResponse(
                url: url, statusCode: Int(answer.status()), httpVersion: "HTTP/1.1", headerFields: headers)
        else { throw .internal(detail: "an answer that is none") }
        return (answer.body(), response)
    }
}

extension URLRequest {
    fileprivate mutating func removeSignature() {
        guard value(forHTTPHeaderField: "Authorization")?.hasPrefix("AWS4-HMAC-SHA256 ") == true else { return }
        for name in ["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256"] {
            setValue(nil, forHTTPHeaderField: name)
        }
    }
}

extension ApiRequest {
    fileprivate init(_ request: URLRequest, service: String?, region: String?) throws(JetbridgeError) {
        guard let url = request.url else {
            throw .misconfigured(setting: "URLRequest.url", problem: "there is none", hint: "Give it one.")
        }
        guard request.httpBodyStream == nil else {
            throw .misconfigured(
                setting: "URLRequest.httpBodyStream", problem: "a stream cannot be signed, and is read only once",
                hint: "Put the body into httpBody. For a file, upload an object.")
        }
        let headers = (request.allHTTPHeaderFields ?? [:]).sorted { $0.key < $1.key }
        self.init(
            url: url.absoluteString, method: request.httpMethod ?? "GET",
            headers: headers.map { ApiHeader(name: $0.key, value: $0.value) }, body: request.httpBody,
            service: service, region: region)
    }
}
