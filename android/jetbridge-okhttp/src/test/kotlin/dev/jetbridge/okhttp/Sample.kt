package dev.jetbridge.okhttp

import dev.jetbridge.JetbridgeSession
import okhttp3.OkHttpClient

/** The guide's code for OkHttp: SampleTest of the library compares the two. */
fun client(session: JetbridgeSession): OkHttpClient {
    val client = OkHttpClient.Builder().addNetworkInterceptor(JetbridgeSigningInterceptor(session)).build()
    return client
}
