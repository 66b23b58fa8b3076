package dev.jetbridge.testing

import dev.jetbridge.JetbridgeHost
import dev.jetbridge.JetbridgeSession

/** Gives out a session in place of the app's Application, and at once: nothing has to be opened, so that no test has to wait. */
public class FakeJetbridgeHost(
    override val jetbridge: JetbridgeSession = FakeJetbridgeSession(),
) : JetbridgeHost {
    override suspend fun openSession(): JetbridgeSession = jetbridge
}
