package com.example.myapplication

import dev.jetbridge.SessionState
import dev.jetbridge.testing.FakeJetbridgeHost
import dev.jetbridge.testing.FakeJetbridgeSession
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.resetMain
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.test.setMain
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Before
import org.junit.Test

class FilesModelTest {
    @Before
    fun setMain() = Dispatchers.setMain(UnconfinedTestDispatcher())

    @After
    fun resetMain() = Dispatchers.resetMain()

    @Test
    fun `whoever signs in sees the files`() =
        runTest {
            val session = FakeJetbridgeSession()
            session.content = listOf(FakeJetbridgeSession.listed("summary.csv"))
            val model = FilesModel(FakeJetbridgeHost(session))
            assertNull(model.files)
            session.show(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            assertEquals(listOf("summary.csv"), model.files?.map { it.key })
        }
}
