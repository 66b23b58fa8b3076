// The demo app, in two flavours: for an Okta organization, and for the local stack on the computer it is plugged into.

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
        versionName = "0.1.0"
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
        // Both folders hold okta-config.json and aws-exports.json; git ignores what is in them.
        getByName("okta") { assets.directories.add("../../config") }
        getByName("localStack") { assets.directories.add("build/local-stack") }
    }
    buildTypes {
        // English (XA) and Arabic (XB) in the phone's settings: nothing is cut, nothing was forgotten.
        debug { isPseudoLocalesEnabled = true }
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
        }
    }
    buildFeatures { compose = true }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

kotlin { jvmToolchain(17) }

// The local stack belongs to debug builds: the release library refuses plain http.
androidComponents {
    beforeVariants(selector().withFlavor("stack" to "localStack").withBuildType("release")) { it.enable = false }
}

dependencies {
    implementation(project(":jetbridge"))
    implementation(platform(libs.androidx.compose.bom))
    implementation(libs.androidx.compose.material3)
    implementation(libs.androidx.activity.compose)
    implementation(libs.androidx.lifecycle.runtime.compose)
    implementation(libs.androidx.lifecycle.viewmodel)
}
