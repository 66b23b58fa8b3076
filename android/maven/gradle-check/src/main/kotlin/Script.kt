import java.io.File
import org.gradle.api.Project
import org.gradle.api.Task
import org.gradle.api.file.DirectoryProperty
import org.gradle.api.provider.ListProperty
import org.gradle.api.provider.Property
import org.gradle.api.provider.Provider
import org.gradle.api.tasks.TaskContainer
import org.gradle.api.tasks.TaskProvider
import org.jetbrains.kotlin.gradle.dsl.KotlinAndroidExtension

/*
 * Why this exists: what Gradle's Kotlin scripts have beside the API, declared for the compiler. Nothing of it ever runs.
 */

/** What a script of ours sees around itself: its project, and the blocks of the Android and Kotlin plugins. */
abstract class Script<Android, Components> : Project {
    abstract fun android(configure: Android.() -> Unit)

    abstract fun androidComponents(configure: Components.() -> Unit)

    abstract fun kotlin(configure: KotlinAndroidExtension.() -> Unit)
}

inline fun <reified T : Task> TaskContainer.register(
    name: String,
    noinline configure: T.() -> Unit,
): TaskProvider<T> = register(name, T::class.java, configure)

fun <T : Any> Property<T>.assign(value: T?) = set(value)

fun <T : Any> Property<T>.assign(value: Provider<out T>) = set(value)

fun <T : Any> ListProperty<T>.assign(value: Iterable<T>) = set(value)

fun DirectoryProperty.assign(value: File) = set(value)
