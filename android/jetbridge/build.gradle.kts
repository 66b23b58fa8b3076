// The library: Kotlin over the Rust core, published as an AAR with the native libraries of all four ABIs in it.

import org.jetbrains.kotlin.gradle.dsl.KotlinVersion

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

android {
    namespace = "dev.jetbridge"
    // No more than androidx.browser asks for: apps must compile against as much.
    compileSdk = 36

    defaultConfig {
        // 26: java.time, which the bindings speak, and file channels are there without desugaring.
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    publishing {
        singleVariant("release") { withSourcesJar() }
    }
}

kotlin {
    // No explicitApi() here: it would demand of the generated bindings what their generator does not write. PublicApiTest
    // looks at the library's own sources.
    jvmToolchain(17)
    // So that every app on version 9 of the Android plugin can read the library: the plugin brings Kotlin 2.2 along.
    coreLibrariesVersion = "2.2.20"
    compilerOptions {
        languageVersion = KotlinVersion.KOTLIN_2_2
        apiVersion = KotlinVersion.KOTLIN_2_2
    }
}

dependencies {
    implementation(libs.androidx.browser)
    api(libs.kotlinx.coroutines.android)
    // As an AAR: it brings JNA's own native library for each ABI.
    implementation(libs.jna) { artifact { type = "aar" } }
}

val repository: File = rootDir.parentFile
val allAbis = listOf("arm64-v8a", "armeabi-v7a", "x86_64", "x86")

/** Android Studio that was started from the desktop has not the shell's PATH; `-Pjetbridge.cargo=…` names any other place. */
val cargoCommand: Provider<String> =
    providers.gradleProperty("jetbridge.cargo").orElse(
        providers.systemProperty("user.home").map { home -> File(home, ".cargo/bin/cargo").takeIf(File::exists)?.path ?: "cargo" },
    )

/** The Rust library for the four ABIs. cargo-ndk knows the NDK's linkers; Android 15 wants 16 KB pages. */
abstract class CargoNdk
    @Inject
    constructor(
        private val processes: ExecOperations,
        private val files: FileSystemOperations,
    ) : DefaultTask() {
        @get:Internal
        abstract val workspace: DirectoryProperty

        @get:Input
        abstract val cargo: Property<String>

        @get:Input
        abstract val ndk: Property<String>

        @get:Input
        abstract val abis: ListProperty<String>

        @get:Input
        abstract val profile: Property<String>

        @get:OutputDirectory
        abstract val output: DirectoryProperty

        @TaskAction
        fun build() {
            // What an earlier build left for another device would not fit the bindings of this one.
            files.delete { delete(output) }
            processes.exec {
                workingDir = workspace.get().asFile
                environment("RUSTFLAGS", "-Clink-arg=-Wl,-z,max-page-size=16384")
                environment("ANDROID_NDK_HOME", ndk.get())
                commandLine(
                    listOf(cargo.get(), "ndk", "--platform", "26", "--output-dir", output.get().asFile.path) +
                        abis.get().flatMap { listOf("--target", it) } +
                        listOf("build", "--package", "jetbridge-ffi", "--profile", profile.get()),
                )
            }
        }
    }

/** The Kotlin that belongs to the library, from a library of the computer's own. */
abstract class Bindings
    @Inject
    constructor(
        private val processes: ExecOperations,
        private val files: FileSystemOperations,
    ) : DefaultTask() {
        @get:Internal
        abstract val workspace: DirectoryProperty

        @get:Input
        abstract val cargo: Property<String>

        @get:OutputDirectory
        abstract val output: DirectoryProperty

        @TaskAction
        fun generate() {
            processes.exec {
                workingDir = workspace.get().asFile
                // What ships has nothing of the local stack in it; the tests, which need it, are src/linuxTest and run by test.sh.
                commandLine(
                    listOf(cargo.get(), "xtask", "bindings", "--language", "kotlin", "--android", "--without-local-stack") +
                        listOf("--out", temporaryDir.path),
                )
            }
            // Beside the Kotlin lies the computer's own library, which belongs into no AAR and no sources jar.
            files.sync {
                from(temporaryDir.resolve("kotlin"))
                into(output)
            }
        }
    }

// cargo knows itself what is up to date; asking it costs a second.
val bindings =
    tasks.register<Bindings>("bindings") {
        workspace = repository
        cargo = cargoCommand
        outputs.upToDateWhen { false }
    }

androidComponents {
    // Whoever has chosen an NDK is not given another one.
    val chosenNdk = providers.environmentVariable("ANDROID_NDK_HOME").orElse(sdkComponents.ndkDirectory.map { it.asFile.path })
    // Android Studio says what the connected device runs, its best one first; one library is built in a quarter of the time.
    val deviceAbis = providers.gradleProperty("android.injected.build.abi").map { listOf(it.substringBefore(',')) }
    onVariants { variant ->
        val isRelease = variant.buildType == "release"
        val library =
            tasks.register<CargoNdk>("cargo" + variant.name.replaceFirstChar(Char::uppercaseChar)) {
                workspace = repository
                cargo = cargoCommand
                ndk = chosenNdk
                abis = if (isRelease) allAbis else deviceAbis.getOrElse(allAbis)
                profile = if (isRelease) "mobile" else "dev"
                outputs.upToDateWhen { false }
            }
        variant.sources.jniLibs?.addGeneratedSourceDirectory(library, CargoNdk::output)
        variant.sources.kotlin?.addGeneratedSourceDirectory(bindings, Bindings::output)
    }
}

publishing {
    publications {
        register<MavenPublication>("release") {
            groupId = "dev.jetbridge"
            artifactId = "jetbridge"
            version = "0.1.0"
            afterEvaluate { from(components["release"]) }
            pom {
                name = "Jetbridge"
                description = "Sign in once with Okta, use AWS from Android."
                licenses {
                    license { name = "MIT OR Apache-2.0" }
                }
            }
        }
    }
}
