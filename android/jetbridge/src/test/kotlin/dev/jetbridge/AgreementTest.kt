package dev.jetbridge

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import java.io.File

/** Bindings of another build than the library's must not load: calls would go wrong in silence. */
class AgreementTest {
    @get:Rule
    val altered = TemporaryFolder()

    @Test
    fun `bindings and library of one build load`() = assertEquals(FirstCall.LOADED, firstCall().trim())

    @Test
    fun `another signature is refused`() {
        call("uniffi_jetbridge_ffi_checksum_method_coresession_settle", LIBRARY_VERSION, "Jetbridge_ffiKt")
        assertRefused("checksum mismatch")
    }

    @Test
    fun `another version of the calls' own form is refused`() {
        call("ffi_jetbridge_ffi_uniffi_contract_version", LIBRARY_VERSION, "Jetbridge_ffiKt")
        assertRefused("contract version mismatch")
    }

    @Test
    fun `a function that the library lacks is refused`() {
        val unknown = "uniffi_jetbridge_ffi_fn_method_coresession_sit_down"
        call("uniffi_jetbridge_ffi_fn_method_coresession_settle", unknown, "UniffiLib")
        assertRefused(unknown)
    }

    /** Lets a class of the bindings call [to] where it called [from], as the bindings of another build might. */
    private fun call(
        from: String,
        to: String,
        simpleName: String,
    ) {
        // In a class file a name stands behind its length.
        fun constant(name: String) = "\u0001" + Char(name.length shr Byte.SIZE_BITS) + Char(name.length and 0xFF) + name
        val path = "dev/jetbridge/$simpleName.class"
        val bytes = javaClass.classLoader!!.getResource(path)!!.readBytes()
        val text = bytes.toString(Charsets.ISO_8859_1)
        assertTrue("$simpleName does not know $from", constant(from) in text)
        val file = File(altered.root, path)
        file.parentFile!!.mkdirs()
        file.writeText(text.replace(constant(from), constant(to)), Charsets.ISO_8859_1)
    }

    private fun assertRefused(why: String) {
        val text = firstCall()
        assertNotEquals(FirstCall.LOADED, text.trim())
        assertTrue(text, why in text)
    }

    /** A process of its own: bindings are loaded once. */
    private fun firstCall(): String {
        val properties = listOf("java.library.path", "jna.library.path", "jna.nosys").map { "-D$it=${System.getProperty(it)}" }
        val classes = altered.root.path + File.pathSeparator + System.getProperty("java.class.path")
        val java = File(System.getProperty("java.home"), "bin/java").path
        val command = listOf(java) + properties + listOf("-cp", classes, FirstCall::class.java.name)
        val output = ProcessBuilder(command).redirectErrorStream(true).start().inputStream
        return output.use { it.readBytes().decodeToString() }
    }

    private companion object {
        const val LIBRARY_VERSION = "uniffi_jetbridge_ffi_checksum_func_library_version"
    }
}

/** What an app calls first. */
internal object FirstCall {
    const val LOADED = "the library was called"

    @JvmStatic
    fun main(arguments: Array<String>) {
        try {
            JetbridgeSession.config("{}", "{}")
        } catch (e: JetbridgeException.InvalidConfiguration) {
            println(LOADED)
        }
    }
}
