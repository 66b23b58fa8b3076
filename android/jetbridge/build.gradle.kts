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
    implementation(libs.rustls.platform.verifier)
    api(libs.kotlinx.coroutines.android)
    // As an AAR: it brings JNA's own native library for each ABI.
    implementation(libs.jna) { artifact { type = "aar" } }
}

val repository: File = rootDir.parentFile

/** The Rust library for the four ABIs. cargo-ndk knows the NDK's linkers; Android 15 wants 16 KB pages. */
abstract class CargoNdk
    @Inject
    constructor(
        private val processes: ExecOperations,
    ) : DefaultTask() {
        @get:Internal
        abstract val workspace: DirectoryProperty

        @get:Input
        abstract val profile: Property<String>

        @get:Input
        abstract val features: Property<String>

        @get:OutputDirectory
        abstract val output: DirectoryProperty

        @TaskAction
        fun build() {
            processes.exec {
                workingDir = workspace.get().asFile
                environment("RUSTFLAGS", "-Clink-arg=-Wl,-z,max-page-size=16384")
                commandLine(
                    listOf("cargo", "ndk", "--platform", "26", "--output-dir", output.get().asFile.path) +
                        listOf("arm64-v8a", "armeabi-v7a", "x86_64", "x86").flatMap { listOf("--target", it) } +
                        listOf("build", "--package", "jetbridge-ffi", "--profile", profile.get()) +
                        features.get().let { if (it.isEmpty()) emptyList() else listOf("--features", it) },
                )
            }
        }
    }

/** The Kotlin that belongs to the library, from a library of the computer's own. */
abstract class Bindings
    @Inject
    constructor(
        private val processes: ExecOperations,
    ) : DefaultTask() {
        @get:Internal
        abstract val workspace: DirectoryProperty

        @get:OutputDirectory
        abstract val output: DirectoryProperty

        @TaskAction
        fun generate() {
            processes.exec {
                workingDir = workspace.get().asFile
                // What ships has nothing of the local stack in it; the tests, which need it, are src/linuxTest and run by test.sh.
                commandLine(
                    "cargo",
                    "xtask",
                    "bindings",
                    "--language",
                    "kotlin",
                    "--android",
                    "--without-local-stack",
                    "--out",
                    output.get().asFile.path,
                )
            }
        }
    }

// cargo knows itself what is up to date; asking it costs a second.
val bindings =
    tasks.register<Bindings>("bindings") {
        workspace = repository
        outputs.upToDateWhen { false }
    }

androidComponents {
    onVariants { variant ->
        val isRelease = variant.buildType == "release"
        val cargo =
            tasks.register<CargoNdk>("cargo" + variant.name.replaceFirstChar(Char::uppercaseChar)) {
                workspace = repository
                profile = if (isRelease) "mobile" else "dev"
                features = ""
                outputs.upToDateWhen { false }
            }
        variant.sources.jniLibs?.addGeneratedSourceDirectory(cargo, CargoNdk::output)
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
