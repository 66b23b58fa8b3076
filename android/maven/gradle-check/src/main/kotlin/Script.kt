import org.gradle.api.NamedDomainObjectCollection
import org.gradle.api.PolymorphicDomainObjectContainer
import org.gradle.api.Project
import org.gradle.api.Task
import org.gradle.api.file.DirectoryProperty
import org.gradle.api.provider.ListProperty
import org.gradle.api.provider.Property
import org.gradle.api.provider.Provider
import org.gradle.api.publish.PublishingExtension
import org.gradle.api.tasks.TaskCollection
import org.gradle.api.tasks.TaskContainer
import org.gradle.api.tasks.TaskProvider
import org.jetbrains.kotlin.gradle.dsl.KotlinAndroidExtension
import java.io.File

/*
 * Why this exists: what Gradle's Kotlin scripts have beside the API, so that a plain compiler takes them and the tests can run
 * them in Gradle's own engine.
 */

/** What a script of ours sees around itself: its project, and the blocks of the plugins. */
abstract class Script<Android, Components>(
    project: Project,
) : Project by project {
    val publishing: PublishingExtension get() = extensions.getByType(PublishingExtension::class.java)

    fun publishing(configure: PublishingExtension.() -> Unit) = publishing.configure()

    // The Android and Kotlin plugins do not run here: what is said to them is only compiled.

    fun android(configure: Android.() -> Unit) = Unit

    fun androidComponents(configure: Components.() -> Unit) = Unit

    fun kotlin(configure: KotlinAndroidExtension.() -> Unit) = Unit
}

inline fun <reified T : Task> TaskContainer.register(
    name: String,
    noinline configure: T.() -> Unit,
): TaskProvider<T> = register(name, T::class.java, configure)

inline fun <reified T : Any> PolymorphicDomainObjectContainer<in T>.register(
    name: String,
    noinline configure: T.() -> Unit,
) = register(name, T::class.java, configure)

inline fun <reified T : Task> TaskCollection<in T>.withType(): TaskCollection<T> = withType(T::class.java)

operator fun <T : Any> NamedDomainObjectCollection<T>.get(name: String): T = getByName(name)

fun <T : Any> Property<T>.assign(value: T?) = set(value)

fun <T : Any> Property<T>.assign(value: Provider<out T>) = set(value)

fun <T : Any> ListProperty<T>.assign(value: Iterable<T>) = set(value)

fun DirectoryProperty.assign(value: File) = set(value)
