import JetbridgeFFI

extension JetbridgeSession {
    /// Lists a bucket page by page, for a screen that asks for more when it is scrolled. Nothing is asked before the first
    /// page is.
    public nonisolated func listing(_ request: ListingRequest) -> ObjectListing {
        let pages = core.listObjects(request: request)
        return ObjectListing { await self.finish { _ in try await pages.nextPage() } }
    }
}
