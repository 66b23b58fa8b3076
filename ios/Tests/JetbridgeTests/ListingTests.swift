import Testing

@testable import Jetbridge

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct ListingTests {
    @Test("a stream of objects asks for no more than the page after the one that is read")
    func lazyPaging() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let all = try await session.listObjects().collected()
        let before = try bench.count("ListObjectsV2")
        let some = try await session.listObjects(ListingRequest(pageSize: 1)).prefix(2).collected()
        #expect(some == Array(all.prefix(2)))
        #expect(all.count > 9)
        #expect(try bench.count("ListObjectsV2") <= before + 3)
        #expect(try await session.listObjects(ListingRequest(pageSize: 3)).collected() == all)
    }

    @Test("pages have their objects and folders, and a prefix keeps the others out")
    func pages() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let all = try await session.listObjects().collected().map(\.key)
        let pages = try await session.pages(ListingRequest(pageSize: 3)).collected()
        #expect(pages.count > 2)
        #expect(pages.allSatisfy { $0.objects.count <= 3 })
        #expect(pages.flatMap(\.objects).map(\.key) == all)
        let folders = try await session.pages(ListingRequest(delimiter: "/")).collected()
        #expect(folders.flatMap(\.commonPrefixes).contains("reports/"))
        let reports = try await session.listObjects(prefix: "reports/").collected().map(\.key)
        #expect(reports == all.filter { $0.hasPrefix("reports/") })
        #expect(!reports.isEmpty)
    }

    @Test("a caller who stops waiting for a page loses none")
    func cancelledCaller() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let all = try await session.listObjects().collected().map(\.key)
        let listing = session.listing(ListingRequest(pageSize: 3))
        try bench.stack.setLatency(milliseconds: 2_500)
        let before = try bench.count("ListObjectsV2")
        // Not by the main actor, which is every test's.
        let caller = Task.detached { _ = try await listing.nextPage() }
        let leaving = Task.detached {
            try await Task.sleep(for: .milliseconds(50))
            caller.cancel()
        }
        try await leaving.value
        #expect(try await error { try await caller.value } == .cancelled)
        var keys: [String] = []
        var pages = 0
        try bench.stack.setLatency(milliseconds: 0)
        while let page = try await listing.nextPage() {
            pages += 1
            keys += page.objects.map(\.key)
        }
        #expect(keys == all)
        // The page that was on its way was the next caller's, and nobody asked for it again.
        #expect(try bench.count("ListObjectsV2") == before + pages)
    }

    @Test("two callers at once get a page each, in their order")
    func twoCallers() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        let all = try await session.listObjects().collected()
        let listing = session.listing(ListingRequest(pageSize: 2))
        async let first = listing.nextPage()
        async let second = listing.nextPage()
        let pages = try await [first, second].compactMap { $0?.objects }
        #expect(Set(pages.flatMap { $0 }) == Set(all.prefix(4)))
        #expect(try await listing.nextPage()?.objects == Array(all[4..<6]))
    }

    @Test("a stream whose task is cancelled ends, and its listing asks for nothing more")
    func cancelledStream() async throws {
        let bench = try await Bench()
        let session = try await bench.signedIn()
        _ = try await session.credentials()
        try bench.stack.setLatency(milliseconds: 200)
        let task = Task { try await session.listObjects(ListingRequest(pageSize: 1)).collected().count }
        try await eventually("the listing goes on") { try bench.count("ListObjectsV2") >= 2 }
        task.cancel()
        _ = await task.result
        await session.core.settle()
        let after = try bench.count("ListObjectsV2")
        try await Task.sleep(for: .milliseconds(500))
        // The page that was on its way, and the one after it, may have arrived only now.
        #expect(try bench.count("ListObjectsV2") <= after + 2)
    }

    @Test("a stream throws what the listing could not do")
    func errors() async throws {
        let bench = try await Bench()
        let nobody = try bench.session()
        let signedOut = try await error { _ = try await nobody.listObjects().collected() }
        #expect(signedOut == .signInRequired(reason: .signedOut))
        let session = try await bench.signedIn()
        let missing = try await error {
            _ = try await session.pages(ListingRequest(bucket: "no-such-bucket")).collected()
        }
        guard case .notFound(let what) = missing else { throw missing }
        #expect(what.contains("no-such-bucket"))
    }
}
