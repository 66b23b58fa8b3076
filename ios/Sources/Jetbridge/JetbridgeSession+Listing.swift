import JetbridgeFFI

extension JetbridgeSession {
    /// The objects of the bucket whose keys begin with `prefix`; without it, the configuration's prefix or everything. While
    /// one page is read the next is on its way, and no more: `prefix(20)` asks for two pages of a million objects.
    ///
    /// In a task that is cancelled, the stream ends early or throws ``JetbridgeError/cancelled``.
    public nonisolated func listObjects(prefix: String? = nil) -> AsyncThrowingStream<ListedObject, any Error> {
        listObjects(ListingRequest(prefix: prefix))
    }

    /// As ``listObjects(prefix:)``, with all that can be said of a listing.
    public nonisolated func listObjects(_ request: ListingRequest) -> AsyncThrowingStream<ListedObject, any Error> {
        let listing = listing(request)
        let page = Locked([ListedObject]().makeIterator())
        return AsyncThrowingStream {
            while true {
                if let object = page.with({ $0.next() }) { return object }
                guard let next = try await listing.nextPage() else { return nil }
                page.with { $0 = next.objects.makeIterator() }
            }
        }
    }

    /// As ``listObjects(prefix:)``, page by page, with the "folders" that a delimiter makes.
    public nonisolated func pages(
        _ request: ListingRequest = ListingRequest()
    ) -> AsyncThrowingStream<ObjectPage, any Error> {
        let listing = listing(request)
        return AsyncThrowingStream { try await listing.nextPage() }
    }

    /// As ``pages(_:)``, for a screen that asks for more when it is scrolled. Nothing is asked before the first page is.
    public nonisolated func listing(_ request: ListingRequest = ListingRequest()) -> ObjectListing {
        let pages = core.listObjects(request: request)
        return ObjectListing { await self.finish { _ in try await pages.nextPage() } }
    }
}
