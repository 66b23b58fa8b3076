package dev.jetbridge.testing

import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools
import org.junit.Assert.assertEquals
import org.junit.Assume.assumeTrue
import java.io.File

/**
 * All that apps see of a compiled artifact, as text in `api/`: it changes knowingly or not at all. Written by the tool that the
 * Kotlin plugin's own check of an API uses (`abi-tools`). After a change: `android/test.sh --update`.
 */
object ApiDump {
    private val NOTHING_LEFT_OUT = AbiFilters(emptySet(), emptySet(), emptySet(), emptySet())

    /** Beside resources, the local stack, which is in no library that ships, and what UniFFI needs for itself. */
    private val OURS = Regex(" dev/jetbridge/(?!R\\b|LocalStack|FfiConverter|Uni[fF]|Rust|Foreign|Disposable|NoHandle|\\w+Impl\\b)\\w")
    private val PLUMBING = Regex("openWithStackClock|[uU]niffi|NoHandle")

    /** Compares the artifact that has [type] with [name] in `api/`. */
    fun compare(
        type: Class<*>,
        name: String,
    ) {
        val file = File(File(System.getProperty("jetbridge.android.dir")!!).parentFile, "api/$name")
        val classes =
            File(
                type.protectionDomain.codeSource.location
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
        assertEquals("run android/test.sh --update if this is meant", file.takeIf(File::exists)?.readText().orEmpty(), seen)
    }
}
