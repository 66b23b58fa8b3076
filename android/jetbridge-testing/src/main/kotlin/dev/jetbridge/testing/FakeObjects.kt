package dev.jetbridge.testing

import dev.jetbridge.JetbridgeException
import dev.jetbridge.ListedObject
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectDetails
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.UploadedObject
import java.security.MessageDigest
import java.time.Instant

/** The bucket of a [FakeJetbridgeSession]: what is listed, and what was written of it. */
internal class FakeObjects(
    private val bucket: String,
) {
    private class Kept(
        val body: ByteArray,
        val headers: ObjectHeaders,
    )

    @Volatile
    var listed: List<ListedObject> = emptyList()

    private val kept = HashMap<String, Kept>()

    @Synchronized
    fun details(address: ObjectAddress): ObjectDetails {
        val listed = find(address)
        val headers = kept[address.key]?.headers ?: ObjectHeaders()
        // S3 names no class if it is STANDARD ("x-amz-storage-class", HeadObject, S3 API reference).
        return ObjectDetails(listed.key, listed.size, eTag(listed), listed.lastModified, headers, storageClass = null)
    }

    /** An object that a test only listed has its key for a content, as often as its size asks for. */
    @Synchronized
    fun read(
        address: ObjectAddress,
        conditions: ObjectConditions,
    ): ByteArray {
        val listed = find(address)
        hold(conditions, listed)
        val size = listed.size.toInt()
        kept[address.key]?.body?.takeIf { it.size == size }?.let { return it }
        val key = address.key.encodeToByteArray()
        return ByteArray(size) { key[it % key.size] }
    }

    @Synchronized
    fun write(
        address: ObjectAddress,
        body: ByteArray,
        headers: ObjectHeaders,
        conditions: ObjectConditions,
        now: Instant = Instant.now(),
    ): UploadedObject {
        requireBucket(address)
        hold(conditions, listed.find { it.key == address.key })
        val written = ListedObject(address.key, body.size.toULong(), now, eTag(body))
        kept[address.key] = Kept(body, headers)
        listed = listed.filter { it.key != address.key }.plus(written).sortedBy { it.key }
        return UploadedObject(address.key, written.size, written.eTag, null, null, 0uL)
    }

    @Synchronized
    fun delete(
        address: ObjectAddress,
        conditions: ObjectConditions,
    ) {
        requireBucket(address)
        hold(conditions, listed.find { it.key == address.key })
        kept -= address.key
        listed = listed.filter { it.key != address.key }
    }

    private fun find(address: ObjectAddress): ListedObject {
        requireBucket(address)
        return listed.find { it.key == address.key } ?: throw JetbridgeException.NotFound("object ${address.key}")
    }

    private fun requireBucket(address: ObjectAddress) {
        val other = address.bucket ?: return
        if (other != bucket) throw JetbridgeException.NotFound("bucket $other")
    }

    private fun hold(
        conditions: ObjectConditions,
        there: ListedObject?,
    ) {
        fun isMet(
            condition: String?,
            holds: (String) -> Boolean,
        ) = condition == null || holds(condition)
        val changed = there?.lastModified
        val unmet =
            when {
                !isMet(conditions.ifMatch) { there != null && eTag(there) == it } -> "If-Match"
                !isMet(conditions.ifNoneMatch) { there == null || (it != "*" && eTag(there) != it) } -> "If-None-Match"
                conditions.ifModifiedSince != null && changed != null && changed <= conditions.ifModifiedSince -> "If-Modified-Since"
                conditions.ifUnmodifiedSince != null && changed != null && changed > conditions.ifUnmodifiedSince -> "If-Unmodified-Since"
                else -> return
            }
        throw JetbridgeException.ConditionNotMet(unmet)
    }

    private fun eTag(listed: ListedObject) = listed.eTag ?: eTag(listed.key.encodeToByteArray())

    /** As S3's of an object in one part, which is no secret: the MD5 of its bytes. */
    private fun eTag(body: ByteArray) = MessageDigest.getInstance("MD5").digest(body).joinToString("", "\"", "\"") { "%02x".format(it) }
}
