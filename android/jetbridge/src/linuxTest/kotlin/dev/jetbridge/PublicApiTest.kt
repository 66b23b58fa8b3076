package dev.jetbridge

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File

/** The public API: each symbol says what it is, and docs/android.md lists it. */
class PublicApiTest {
    private val android = File(System.getProperty("jetbridge.android.dir")!!)
    private val sources =
        File(android, "jetbridge/src/main/kotlin")
            .walk()
            .filter { it.extension == "kt" }
            .sorted()
            .toList()

    @Test
    fun `the list in the guide is whole`() {
        val declared = sources.flatMap { file -> NAME.findAll(file.readText()).map { it.groupValues[1] } }.toSortedSet()
        assertTrue("the sources were not read right: $declared", declared.containsAll(listOf("JetbridgeSession", "objects", "retryAfter")))
        val listed = File(android.parentFile, "docs/android.md").readText().substringAfter("## The public API").substringBefore("\n## ")
        assertEquals(emptyList<String>(), declared.filterNot { Regex("\\b$it\\b").containsMatchIn(listed) })
    }

    @Test
    fun `every public symbol says what it is`() {
        val bare =
            sources.flatMap { file ->
                val lines = file.readLines()
                lines.indices
                    .filter { PUBLIC.containsMatchIn(lines[it]) }
                    .filterNot { index ->
                        lines
                            .take(index)
                            .last { !it.trim().startsWith("@") }
                            .trim()
                            .endsWith("*/")
                    }.map { "${file.name}:${it + 1}" }
            }
        assertEquals(emptyList<String>(), bare)
    }

    private companion object {
        val PUBLIC = Regex("^ *public (?!companion)")
        val NAME =
            Regex(
                "^ *public (?:[a-z]+ )*?(?:class|interface|object|fun|val|var) (?:<[^>]*> )?(?:\\w+\\.)?(\\w+)",
                RegexOption.MULTILINE,
            )
    }
}
