package dev.jetbridge

import kotlinx.coroutines.Deferred
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/** A listing that is read page by page: [JetbridgeSession.listing]. After an exception it is over; begin a new one. */
public interface ObjectListing {
    /** The next page, or null after the last. A caller that stops waiting loses nothing: the page comes with the next call. */
    public suspend fun nextPage(): ObjectPage?
}

internal class LiveListing(
    private val pages: ObjectPages,
    private val session: LiveSession,
) : ObjectListing {
    private val turn = Mutex()
    private var fetching: Deferred<Result<ObjectPage?>>? = null

    override suspend fun nextPage(): ObjectPage? =
        turn.withLock {
            // A page whose caller went away was fetched all the same, and is the next one's.
            val page = fetching ?: session.begin { pages.nextPage() }.also { fetching = it }
            val result = session.outcome(page)
            fetching = null
            result.getOrThrow()
        }
}
