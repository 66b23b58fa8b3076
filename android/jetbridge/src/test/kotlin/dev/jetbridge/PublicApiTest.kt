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

    /** As the compiled classes have it: ApiDumpTest keeps that file true. */
    @Test
    fun `no generated package, and no object of the core's, is in what the library itself offers`() {
        val dump = File(android.parentFile, "api/kotlin.txt").readText()
        assertTrue("the file lists signatures", "dev/jetbridge/JetbridgeSession" in dump)
        assertEquals(emptyList<String>(), dump.lines().filter { Regex("jetbridge/\\w*ffi/").containsMatchIn(it) })
        val core = Regex("Ldev/jetbridge/Core(Session|Accounts);")
        val offered =
            dump
                .split(
                    "\n\n",
                ).filterNot { Regex("class dev/jetbridge/(Core|Jetbridge_ffi)").containsMatchIn(it.substringBefore('{')) }
        // For a session with the local stack's clock, in tests.
        assertEquals(
            listOf("over"),
            offered
                .flatMap {
                    it.lines()
                }.filter(core::containsMatchIn)
                .map { it.substringAfter("fun ").substringBefore(" ") }
                .distinct(),
        )
    }

    /** What the compiler's explicit API mode says; it cannot be asked, because it would look at the bindings as well. */
    @Test
    fun `whatever apps can see says so`() {
        assertEquals(listOf(2, 4), unmarked(listOf("public class A {", "    fun a() {", "        val b = 1", "    val c = 1", "}")))
        assertEquals(
            emptyList<Int>(),
            unmarked(listOf("internal class A {", "    class B {", "        fun a()", "    private fun b()", "}")),
        )
        assertEquals(emptyList<String>(), sources.flatMap { file -> unmarked(file.readLines()).map { "${file.name}:$it" } })
    }

    /** The numbers of lines that declare something without a word on who may see it, where that means everybody. */
    private fun unmarked(lines: List<String>): List<Int> {
        val around = ArrayDeque<Pair<Int, Boolean>>()
        return lines.mapIndexedNotNull { index, line ->
            val declaration = DECLARATION.find(line) ?: return@mapIndexedNotNull null
            val (indent, modifiers, kind) = declaration.destructured
            while (around.isNotEmpty() && around.last().first >= indent.length) around.removeLast()
            val isSeen = around.all { it.second } && !Regex("\\b(private|internal)\\b").containsMatchIn(modifiers)
            around.addLast(indent.length to (isSeen && kind in setOf("class", "interface", "object")))
            (index + 1).takeIf { isSeen && !Regex("\\b(public|override)\\b").containsMatchIn(modifiers) }
        }
    }

    private companion object {
        val DECLARATION = Regex("^( *)((?:[a-z]+ )*)(class|interface|object|fun|val|var|typealias|constructor)\\b")
        val PUBLIC = Regex("^ *public (?!companion)")
        val NAME =
            Regex(
                "^ *public (?:[a-z]+ )*?(?:class|interface|object|fun|val|var) (?:<[^>]*> )?(?:\\w+\\.)?(\\w+)",
                RegexOption.MULTILINE,
            )
    }
}
