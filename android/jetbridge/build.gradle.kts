// The library: Kotlin over the Rust core, published as an AAR with the native libraries of all four ABIs in it.

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

android {
    namespace = "dev.jetbridge"
    // The default of this Android plugin, named so that another plugin does not choose another NDK behind our back
    // (developer.android.com/build/releases/agp-9-5-0-release-notes, "Compatibility").
    ndkVersion = "28.2.13676358"

    defaultConfig {
        consumerProguardFiles("consumer-rules.pro")
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
    }
    sourceSets {
        // What the tests of both modules share.
        getByName("test") { kotlin.directories.addAll(listOf("../testing/kotlin", "../testing/api")) }
    }
    testOptions {
        unitTests { isIncludeAndroidResources = true }
    }
    // Kotlin's jvmTarget follows: the Android plugin 9 sets it from here (its KotlinCompileCreationAction). No jvmToolchain: it
    // would look for a JDK 17 and nothing else, where Android Studio brings a newer one.
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    publishing {
        singleVariant("release") {
            withSourcesJar()
            // Made by the Dokka that the Android plugin brings: 2.2.0 in 9.5.0. Up to 9.1 it was 1.4.32, which stops at sealed
            // classes (livekit/client-sdk-android#1024).
            withJavadocJar()
        }
    }
}

// No explicitApi(): it would demand of the generated bindings what their generator does not write. PublicApiTest looks at the
// library's own sources.

dependencies {
    implementation(libs.androidx.browser)
    api(libs.kotlinx.coroutines.android)
    // As an AAR: it brings JNA's own native library for each ABI.
    implementation(libs.jna) { artifact { type = "aar" } }

    // As a jar: it brings those of computers.
    testImplementation(libs.jna)
    testImplementation(libs.junit)
    testImplementation(libs.robolectric)
    testImplementation(libs.kotlinx.coroutines.test)
    testImplementation(libs.kotlin.abi.tools)
    androidTestImplementation(libs.androidx.test.runner)
    androidTestImplementation(libs.androidx.test.junit)
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

        /** As the [Bindings] that call it. */
        @get:Input
        abstract val withLocalStack: Property<Boolean>

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
                        listOf("build", "--package", "jetbridge-ffi", "--profile", profile.get()) +
                        if (withLocalStack.get()) listOf("--features", "local-stack") else emptyList(),
                )
            }
        }
    }

/** The Kotlin that belongs to the library, from a library of the computer's own, which is what unit tests run on. */
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

        /** Whether the local stack is an object of it, as unit tests need. What ships has nothing of it. */
        @get:Input
        abstract val withLocalStack: Property<Boolean>

        @get:OutputDirectory
        abstract val output: DirectoryProperty

        /** The computer's own library. */
        @get:OutputDirectory
        abstract val library: DirectoryProperty

        @TaskAction
        fun generate() {
            processes.exec {
                workingDir = workspace.get().asFile
                commandLine(
                    listOf(cargo.get(), "xtask", "bindings", "--language", "kotlin", "--android", "--out", temporaryDir.path) +
                        if (withLocalStack.get()) emptyList() else listOf("--without-local-stack"),
                )
            }
            files.sync {
                from(temporaryDir.resolve("kotlin"))
                into(output)
            }
            // Beside the Kotlin, and in no AAR and no sources jar.
            files.sync {
                from(temporaryDir)
                include("*.so", "*.dylib", "*.dll")
                into(library)
            }
        }
    }

androidComponents {
    // Whoever has chosen an NDK is not given another one.
    val chosenNdk = providers.environmentVariable("ANDROID_NDK_HOME").orElse(sdkComponents.ndkDirectory.map { it.asFile.path })
    // Android Studio says what the connected device runs, its best one first; one library is built in a quarter of the time.
    val deviceAbis = providers.gradleProperty("android.injected.build.abi").map { listOf(it.substringBefore(',')) }
    onVariants { variant ->
        val isRelease = variant.buildType == "release"
        val suffix = variant.name.replaceFirstChar(Char::uppercaseChar)
        // cargo knows itself what is up to date; asking it costs a second.
        val bindings =
            tasks.register<Bindings>("bindings$suffix") {
                workspace = repository
                cargo = cargoCommand
                withLocalStack = !isRelease
                library = layout.buildDirectory.dir("host-library/${variant.name}")
                outputs.upToDateWhen { false }
                // Both build the same file of cargo's, with and without the local stack.
                if (isRelease) mustRunAfter("bindingsDebug")
            }
        val native =
            tasks.register<CargoNdk>("cargo$suffix") {
                workspace = repository
                cargo = cargoCommand
                ndk = chosenNdk
                abis = if (isRelease) allAbis else deviceAbis.getOrElse(allAbis)
                profile = if (isRelease) "mobile" else "dev"
                withLocalStack = !isRelease
                outputs.upToDateWhen { false }
            }
        variant.sources.jniLibs?.addGeneratedSourceDirectory(native, CargoNdk::output)
        variant.sources.kotlin?.addGeneratedSourceDirectory(bindings, Bindings::output)
        // An app says its scheme; a library that is tested alone has no app around it.
        val tests = variant.hostTests.values + variant.deviceTests.values
        tests.forEach { it.manifestPlaceholders.put("jetbridgeRedirectScheme", "com.okta.local-jetbridge") }
    }
}

publishing {
    publications {
        register<MavenPublication>("release") {
            afterEvaluate { from(components["release"]) }
            pom {
                name = "Jetbridge"
                description = "Sign in once with Okta, use AWS from Android."
            }
        }
    }
}
