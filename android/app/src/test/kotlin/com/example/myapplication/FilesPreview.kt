package com.example.myapplication

import androidx.compose.runtime.Composable
import androidx.compose.runtime.remember
import androidx.compose.ui.tooling.preview.Preview
import dev.jetbridge.SessionState
import dev.jetbridge.testing.FakeJetbridgeHost
import dev.jetbridge.testing.FakeJetbridgeSession

@Preview(showBackground = true)
@Composable
fun FilesPreview() {
    val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
    session.content = listOf(FakeJetbridgeSession.listed("reports/2026/summary.csv"))
    val model = remember { FilesModel(FakeJetbridgeHost(session)) }
    FilesScreen(model, onSignIn = { _, _ -> }, onSignOut = {})
}
