// What iOS's Foundation has and Linux's lacks, as far as the package uses it. Versions and isolation are those of
// developer.apple.com/documentation/foundation (read in November 2026).
import Foundation

private final class Activities: @unchecked Sendable {
    static let shared = Activities()
    private let lock = NSLock()
    private var running: [UUID: @Sendable (Bool) -> Void] = [:]

    func perform(_ block: @escaping @Sendable (Bool) -> Void) {
        let id = UUID()
        lock.withLock { running[id] = block }
        Thread.detachNewThread {
            block(false)
            self.lock.withLock { self.running[id] = nil }
        }
    }

    func expire() { for block in lock.withLock({ running.values }) { block(true) } }
}

extension ProcessInfo {
    /// iOS 8.2, visionOS 1, not on a Mac. Of no actor. Keeps a thread for as long as the work lasts, as iOS does. The time
    /// is over when a test says so.
    /// https://developer.apple.com/documentation/foundation/processinfo/performexpiringactivity(withreason:using:)
    public func performExpiringActivity(withReason reason: String, using block: @escaping @Sendable (Bool) -> Void) {
        Activities.shared.perform(block)
    }

    /// For tests: what iOS does when the app has been in the background for too long.
    public func expireActivities() { Activities.shared.expire() }
}

extension FileManager {
    /// iOS 7, macOS 10.8, visionOS 1. Of no actor. A process has no app groups here.
    /// https://developer.apple.com/documentation/foundation/filemanager/containerurl(forsecurityapplicationgroupidentifier:)
    public func containerURL(forSecurityApplicationGroupIdentifier groupIdentifier: String) -> URL? { nil }
}

extension URL {
    /// iOS 8, macOS 10.7, visionOS 1. Of no actor. `false` for a URL that needs no permission, as all of these.
    /// https://developer.apple.com/documentation/foundation/url/startaccessingsecurityscopedresource()
    public func startAccessingSecurityScopedResource() -> Bool { Scopes.shared.start(self) }

    /// iOS 8, macOS 10.7, visionOS 1. Of no actor. Once for each start that gave `true`, and no more.
    /// https://developer.apple.com/documentation/foundation/url/stopaccessingsecurityscopedresource()
    public func stopAccessingSecurityScopedResource() { Scopes.shared.stop(self) }

    /// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/foundation/url/cachesdirectory
    public static var cachesDirectory: URL { FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask)[0] }

    /// iOS 16, macOS 13, visionOS 1. https://developer.apple.com/documentation/foundation/url/applicationsupportdirectory
    public static var applicationSupportDirectory: URL {
        FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
    }

    /// For tests: makes this a document that the user picked. Gives how often it is being accessed.
    public func becomeSecurityScoped() -> @Sendable () -> Int { Scopes.shared.add(self) }
}

/// iOS 5, macOS 10.7, visionOS 1. Of no actor. https://developer.apple.com/documentation/foundation/nsfilecoordinator
public final class NSFileCoordinator {
    /// iOS 5, macOS 10.7, visionOS 1.
    /// https://developer.apple.com/documentation/foundation/nsfilecoordinator/readingoptions
    public struct ReadingOptions: OptionSet, Sendable {
        /// iOS 5, macOS 10.7, visionOS 1.
        /// https://developer.apple.com/documentation/foundation/nsfilecoordinator/readingoptions
        public let rawValue: UInt
        /// iOS 5, macOS 10.7, visionOS 1.
        /// https://developer.apple.com/documentation/foundation/nsfilecoordinator/readingoptions
        public init(rawValue: UInt) { self.rawValue = rawValue }
        /// iOS 5, macOS 10.7, visionOS 1.
        /// https://developer.apple.com/documentation/foundation/nsfilecoordinator/readingoptions/withoutchanges
        public static let withoutChanges = ReadingOptions(rawValue: 1)
    }

    /// iOS 5, macOS 10.7, visionOS 1. https://developer.apple.com/documentation/foundation/nsfilecoordinator
    public init() {}

    /// iOS 5, macOS 10.7, visionOS 1. Waits, and calls the reader before it returns, or not at all and there is an error. A
    /// document that needs a permission is there for nobody who does not access it.
    /// https://developer.apple.com/documentation/foundation/nsfilecoordinator/coordinate(readingitemat:options:error:byaccessor:)
    public func coordinate(
        readingItemAt url: URL, options: ReadingOptions = [], error outError: UnsafeMutablePointer<NSError?>?,
        byAccessor reader: (URL) -> Void
    ) {
        if Scopes.shared.count(url) == 0 {
            outError?.pointee = NSError(domain: NSCocoaErrorDomain, code: CocoaError.fileReadNoPermission.rawValue)
        } else {
            reader(url)
        }
    }
}

extension URLResourceKey {
    /// iOS 11, macOS 10.13, visionOS 1.
    /// https://developer.apple.com/documentation/foundation/urlresourcekey/volumeavailablecapacityforimportantusagekey
    public static let volumeAvailableCapacityForImportantUsageKey = URLResourceKey.volumeAvailableCapacityKey
}

extension URLResourceValues {
    /// iOS 11, macOS 10.13, visionOS 1.
    /// https://developer.apple.com/documentation/foundation/urlresourcevalues/volumeavailablecapacityforimportantusage
    public var volumeAvailableCapacityForImportantUsage: Int64? { volumeAvailableCapacity.map(Int64.init) }
}

/// Which URLs need a permission, and how often each is accessed.
private final class Scopes: @unchecked Sendable {
    static let shared = Scopes()
    private let lock = NSLock()
    private var counts: [URL: Int] = [:]

    func add(_ url: URL) -> @Sendable () -> Int {
        lock.withLock { counts[url] = 0 }
        return { [self] in lock.withLock { counts[url] ?? 0 } }
    }

    func start(_ url: URL) -> Bool {
        lock.withLock {
            guard let count = counts[url] else { return false }
            counts[url] = count + 1
            return true
        }
    }

    func count(_ url: URL) -> Int? { lock.withLock { counts[url] } }

    func stop(_ url: URL) { lock.withLock { counts[url]? -= 1 } }
}
