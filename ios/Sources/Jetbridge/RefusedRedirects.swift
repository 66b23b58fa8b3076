import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A delegate of a task whose request is signed: a redirect is the answer, and nobody follows it with the signature and the
/// session's token.
///
/// ```swift
/// let (data, response) = try await URLSession.shared.data(for: request, delegate: RefusedRedirects())
/// ```
public final class RefusedRedirects: NSObject, URLSessionTaskDelegate {
    /// One for any number of tasks.
    public override init() {}

    /// Gives no other request, so that the task ends with the redirect as its answer. It is asked in default and ephemeral
    /// sessions only: those in the background follow every redirect. Apple:
    /// [urlSession(_:task:willPerformHTTPRedirection:newRequest:completionHandler:)](https://developer.apple.com/documentation/foundation/urlsessiontaskdelegate/urlsession(_:task:willperformhttpredirection:newrequest:completionhandler:)),
    /// iOS 7, macOS 10.9, visionOS 1.
    public func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) { completionHandler(nil) }
}
