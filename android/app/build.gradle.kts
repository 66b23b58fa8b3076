// The demo app, in two flavours: for an Okta organization, and for the local stack on the computer it is plugged into.

import com.android.build.api.variant.HostTestBuilder

plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.compose)
}

android {
    namespace = "dev.jetbridge.app"
    // As the AARs of Compose and lifecycle ask for; VersionsTest reads it in them.
    compileSdk = 37

    defaultConfig {
        applicationId = "dev.jetbridge.app"
        minSdk = 26
        // What Android does to an app only from 37 on was not looked at yet.
        targetSdk = 36
        versionCode = 1
        versionName = project.version.toString()
    }
    flavorDimensions += "stack"
    productFlavors {
        create("okta") {
            dimension = "stack"
            // The scheme of okta_callback_url in config/okta-config.json.
            manifestPlaceholders["jetbridgeRedirectScheme"] =
                providers.gradleProperty("jetbridge.redirectScheme").getOrElse("com.okta.dev-xxxxxxxx")
        }
        create("localStack") {
            dimension = "stack"
            applicationIdSuffix = ".local"
            manifestPlaceholders["jetbridgeRedirectScheme"] = "com.okta.local-jetbridge"
        }
    }
    sourceSets {
        // What the tests of both modules share.
        getByName("test") { kotlin.directories.add("../testing/kotlin") }
    }
    testOptions {
        unitTests { isIncludeAndroidResources = true }
    }
    buildTypes {
        // English (XA) and Arabic (XB) in the phone's settings: nothing is cut, nothing was forgotten.
        debug { isPseudoLocalesEnabled = true }
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
        }
        // Shrunk by R8 as a release, around the debug library: what R8 breaks shows at the local stack, on an emulator.
        create("shrunk") {
            initWith(getByName("release"))
            matchingFallbacks += "debug"
            signingConfig = signingConfigs.getByName("debug")
        }
    }
    buildFeatures { compose = true }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

/** The two files of a folder, and nothing that lies beside them: config/ has a guide and examples too. Git ignores the two. */
abstract class ConfigurationFiles
    @Inject
    constructor(
        private val files: FileSystemOperations,
    ) : DefaultTask() {
        @get:Internal
        abstract val folder: DirectoryProperty

        @get:InputFiles
        @get:PathSensitive(PathSensitivity.NAME_ONLY)
        val chosen: FileTree get() = folder.asFileTree.matching { include("okta-config.json", "aws-exports.json") }

        @get:OutputDirectory
        abstract val output: DirectoryProperty

        @TaskAction
        fun copy() {
            files.sync {
                from(chosen)
                into(output)
            }
        }
    }

androidComponents {
    // The local stack belongs to debug builds: the release library refuses plain http.
    beforeVariants(selector().withFlavor("stack" to "localStack").withBuildType("release")) { it.enable = false }
    beforeVariants(selector().withFlavor("stack" to "okta").withBuildType("shrunk")) { it.enable = false }
    // The unit tests bring a stack of their own, and sign in by its scheme.
    beforeVariants(selector().withFlavor("stack" to "okta")) { it.hostTests[HostTestBuilder.UNIT_TEST_TYPE]?.enable = false }
    onVariants { variant ->
        val place = if (variant.flavorName == "okta") "../../config" else "build/local-stack"
        val configuration =
            tasks.register<ConfigurationFiles>("configuration" + variant.name.replaceFirstChar(Char::uppercaseChar)) {
                folder = projectDir.resolve(place)
            }
        variant.sources.assets?.addGeneratedSourceDirectory(configuration, ConfigurationFiles::output)
    }
}

dependencies {
    implementation(project(":jetbridge"))
    implementation(platform(libs.androidx.compose.bom))
    implementation(libs.androidx.compose.material3)
    implementation(libs.androidx.activity.compose)
    implementation(libs.androidx.lifecycle.runtime.compose)
    implementation(libs.androidx.lifecycle.viewmodel)

    testImplementation(project(":jetbridge-testing"))
    // As a jar it brings JNA's native library for computers; phones get theirs with the library.
    testImplementation(libs.jna)
    testImplementation(libs.junit)
    testImplementation(libs.robolectric)
    testImplementation(libs.kotlinx.coroutines.test)
    testImplementation(libs.androidx.compose.ui.test.junit4)
    testImplementation(libs.androidx.compose.ui.tooling.preview)
}
