package dev.jetbridge.okhttp

import dev.jetbridge.ApiHeader
import dev.jetbridge.ApiRequest
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.headers
import kotlinx.coroutines.runBlocking
import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.RequestBody
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okio.Buffer
import java.io.IOException
import java.io.InterruptedIOException

/**
 * Signs an OkHttp client's requests to APIs behind IAM with the session's credentials, which are renewed by themselves:
 *
 * ```
 * val client = OkHttpClient.Builder().addNetworkInterceptor(JetbridgeSigningInterceptor(session)).build()
 * ```
 *
 * Requests to one of `API.endpoints` are signed; those to other servers, and those that have an `Authorization` header already,
 * pass untouched. Each try and each redirect is signed anew, or not at all: no signature and no session token follows a redirect.
 *
 * It has to be a *network* interceptor: what it adds then lies below OkHttp's redirects, retries, cookies and cache. A network
 * interceptor that logs headers belongs before it, where it sees no secret.
 *
 * A body has to be held in memory to be signed: at most 10 MiB, which is as much as API Gateway takes. One that can be read only
 * once is refused. What the API refuses is handed on; [JetbridgeSession.callApi] signs anew where that helps.
 *
 * Signing may wait for a renewal, on the thread of the call. The session has threads of its own, so that calls which hold all
 * others do not keep it from answering.
 *
 * @param refusesOthers a request to any other server ends with an error instead, for a client that is for the APIs alone
 */
public class JetbridgeSigningInterceptor(
    private val session: JetbridgeSession,
    private val refusesOthers: Boolean = false,
) : Interceptor {
    /**
     * @throws SigningException if the session cannot sign: its cause says why
     * @throws IOException if the request cannot be signed
     */
    override fun intercept(chain: Interceptor.Chain): Response {
        val asked = chain.request()
        // "For application interceptors this is always null" (OkHttp, Interceptor.Chain.connection). There, RetryAndFollowUp-
        // Interceptor would take the signed headers along to wherever a redirect leads: it strips Authorization alone.
        check(chain.connection() != null) { "JetbridgeSigningInterceptor has to be added with addNetworkInterceptor" }
        // What comes before # is what is sent, and signed.
        val url =
            asked.url
                .newBuilder()
                .fragment(null)
                .build()
                .toString()
        if (asked.header("Authorization") != null) return chain.proceed(asked)
        if (!asking { isApi(url) }) {
            if (refusesOthers) throw IOException("${asked.url.host} is none of API.endpoints, so nothing is sent to it")
            return chain.proceed(asked)
        }
        val body = asked.body?.let(::read)
        val signed = asked.newBuilder()
        // What is signed is what is sent, also of a body that would write something else the next time, or does not know its size.
        if (body != null) {
            signed
                .method(asked.method, body.toRequestBody(asked.body?.contentType()))
                .header("Content-Length", "${body.size}")
                .removeHeader("Transfer-Encoding")
        }
        sign(asked, url, body).forEach { signed.header(it.name, it.value) }
        if (chain.call().isCanceled()) throw IOException("Canceled")
        // Neither caches nor whoever looks at the answer's request see the signature.
        return chain
            .proceed(signed.build())
            .newBuilder()
            .request(asked)
            .build()
    }

    private fun read(body: RequestBody): ByteArray {
        if (body.isOneShot() || body.isDuplex()) throw IOException("a body that can be read only once cannot be signed")
        if (body.contentLength() > LARGEST_BODY) throw tooLarge()
        val bytes = Buffer().also(body::writeTo)
        if (bytes.size > LARGEST_BODY) throw tooLarge()
        return bytes.readByteArray()
    }

    private fun tooLarge() = IOException("a body of more than $LARGEST_BODY bytes is not held in memory to be signed")

    /**
     * Of the request's headers only those are signed that have to be (IAM user guide, "Create a signed AWS API request": Host,
     * Content-Type and X-Amz-*); others may be changed by whoever stands between.
     */
    private fun sign(
        request: Request,
        url: String,
        body: ByteArray?,
    ): List<ApiHeader> {
        val headers =
            request.headers
                .filter { (name, _) -> name.equals("Content-Type", ignoreCase = true) || name.startsWith("X-Amz-", ignoreCase = true) }
                .map { (name, value) -> ApiHeader(name, value) }
        return asking { runBlocking { signRequest(ApiRequest(url, request.method, headers, body)) }.use { it.headers } }
    }

    /** OkHttp wants an IOException: anything else ends the app when the call was enqueued. */
    private inline fun <T> asking(answer: JetbridgeSession.() -> T): T =
        try {
            session.answer()
        } catch (e: JetbridgeException) {
            throw SigningException(e)
        } catch (e: InterruptedException) {
            Thread.currentThread().interrupt()
            throw InterruptedIOException("interrupted while a request was signed").apply { initCause(e) }
        }

    private companion object {
        /** "Payload size: 10 MB" (API Gateway developer guide, quotas of REST and HTTP APIs). */
        const val LARGEST_BODY = 10L * 1024 * 1024
    }
}

/** A request was not sent because the session could not sign it: nobody is signed in, the network is gone, a setting is wrong. */
public class SigningException(
    /** Why. */
    override val cause: JetbridgeException,
) : IOException(cause.message, cause)
