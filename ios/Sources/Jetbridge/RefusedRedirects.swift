import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The delegate of a `URLSession` for signed requests: a redirect is the answer, and nobody follows it with the signature and
/// the session's token.
///
/// ```swift
/// let signed = URLSession(configuration: .default, delegate: RefusedRedirects(), delegateQueue: nil)
/// ```
public final class RefusedRedirects: NSObject, URLSessionTaskDelegate {
    /// One for any number of sessions.
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
