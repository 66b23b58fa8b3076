package dev.jetbridge

import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools
import org.junit.Assert.assertEquals
import org.junit.Assume.assumeTrue
import org.junit.Test
import java.io.File

/**
 * All that apps see of the compiled library, as text in `api/kotlin.txt`: it changes knowingly or not at all. Written by the tool
 * that the Kotlin plugin's own check of an API uses (`abi-tools`). After a change: `android/test.sh --update`.
 */
class ApiDumpTest {
    @Test
    fun `the public API is the one that was written down`() {
        val file = File(File(System.getProperty("jetbridge.android.dir")!!).parentFile, "api/kotlin.txt")
        val classes =
            File(
                JetbridgeSession::class.java.protectionDomain.codeSource.location
                    .toURI(),
            )
        assumeTrue("Gradle may run tests on a jar", classes.isDirectory)
        val all = StringBuilder()
        AbiTools.getInstance().printJvmDump(all, classes.walk().filter { it.extension == "class" }.asIterable(), NOTHING_LEFT_OUT)
        val seen =
            all
                .split("\n\n")
                .filter { OURS.containsMatchIn(it.substringBefore('{')) && !it.trim().endsWith("\$Companion {\n}") }
                .joinToString("\n\n") { entry ->
                    entry
                        .trim()
                        .lines()
                        .filterNot(PLUMBING::containsMatchIn)
                        .joinToString("\n")
                } + "\n"
        if (System.getProperty("jetbridge.update").toBoolean()) file.writeText(seen)
        assertEquals("run android/test.sh --update if this is meant", file.readText(), seen)
    }

    private companion object {
        val NOTHING_LEFT_OUT = AbiFilters(emptySet(), emptySet(), emptySet(), emptySet())

        /** Beside resources, the local stack, which is in no library that ships, and what UniFFI needs for itself. */
        val OURS = Regex(" dev/jetbridge/(?!R\\b|LocalStack|FfiConverter|Uni[fF]|Rust|Foreign|Disposable|NoHandle|\\w+Impl\\b)\\w")
        val PLUMBING = Regex("openWithStackClock|[uU]niffi|NoHandle")
    }
}
