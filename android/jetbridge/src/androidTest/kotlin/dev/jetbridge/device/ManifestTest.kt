package dev.jetbridge.device

import android.content.Intent
import android.content.pm.ActivityInfo
import android.content.pm.PackageManager
import android.net.Uri
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith

/** What the installed package says of itself, after every merge. */
@RunWith(AndroidJUnit4::class)
class ManifestTest {
    private val app = InstrumentationRegistry.getInstrumentation().targetContext

    @Test
    fun theActivitiesAreWhatASignInNeeds() {
        val activities = app.packageManager.getPackageInfo(app.packageName, PackageManager.GET_ACTIVITIES).activities!!
        val byName = activities.associateBy { it.name }
        assertFalse(byName.getValue("dev.jetbridge.SignInActivity").exported)
        assertTrue(byName.getValue("dev.jetbridge.RedirectActivity").exported)
        activities.forEach { assertEquals(it.name, 0, it.flags and ActivityInfo.FLAG_NO_HISTORY) }
    }

    @Test
    fun theRedirectComesToTheLibrary() {
        val redirect = Intent(Intent.ACTION_VIEW, Uri.parse("com.okta.local-jetbridge:/callback")).addCategory(Intent.CATEGORY_BROWSABLE)
        val receivers = app.packageManager.queryIntentActivities(redirect.setPackage(app.packageName), 0)
        assertEquals(listOf("dev.jetbridge.RedirectActivity"), receivers.map { it.activityInfo.name })
    }
}
