package dev.jetbridge.testing

import dev.jetbridge.DiagnosisLink
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.JetbridgeException
import dev.jetbridge.RemoteService
import dev.jetbridge.SessionState
import kotlinx.coroutines.awaitCancellation

/** The guide's code for tests: SampleTest of the library compares the two. */
fun sampleOfTheGuide() {
    val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
    session.content = listOf(FakeJetbridgeSession.listed("reports/2026/summary.csv"))
    session.addObject("notes.txt", "hello".encodeToByteArray()) // what is uploaded is listed, too
    session.duringTransfer = { progress -> if (progress.done > 0) awaitCancellation() } // holds each transfer after its first part
    session.idToken = FakeIdTokenClaims(groups = listOf("Admins"))
    session.failure = JetbridgeException.AccessDenied(RemoteService.S3, "AccessDenied") // each call fails so
    session.show(SessionState.StorageUnavailable("locked"))
    session.failSignIn(JetbridgeException.NoBrowser())
    session.diagnosis = { FakeJetbridgeSession.report(FakeJetbridgeSession.finding(DiagnosisLink.ROLE, DiagnosisMark.BROKEN)) }
}
