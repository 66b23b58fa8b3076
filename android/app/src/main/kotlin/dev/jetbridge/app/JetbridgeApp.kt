package dev.jetbridge.app

import android.app.Application
import dev.jetbridge.JetbridgeHost
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.jetbridgeSession

/** Holds the session, which outlives every Activity. Open for tests, which bring the local stack's configuration. */
open class JetbridgeApp :
    Application(),
    JetbridgeHost {
    override val jetbridge: JetbridgeSession by jetbridgeSession()
}
