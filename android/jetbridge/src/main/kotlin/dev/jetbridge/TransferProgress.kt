package dev.jetbridge

/** How far a download or an upload is. */
public data class TransferProgress(
    /** Bytes that are there, those of an earlier process among them. */
    public val done: Long,
    /** Bytes in all, if that is known. */
    public val total: Long?,
    /** Bytes that an earlier process had moved: nobody moves them again. */
    public val resumed: Long = 0,
) {
    /** From 0 to 1, for a progress bar; null while nobody knows how much there is. */
    public val fraction: Float? get() = total?.let { if (it == 0L) 1f else (done.toFloat() / it).coerceIn(0f, 1f) }
}
