package dev.jetbridge

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What comes around a sign-in: a second delivery, a restart, another user, another account, small pages. */
class SignInTest {
    @Test
    fun `small pages give the same objects as large ones, and a limit stops them`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            val all = session.allKeys()
            assertEquals(all, session.allKeys(ListingRequest(pageSize = 3u)))
            assertEquals(all.take(4), session.allKeys(ListingRequest(pageSize = 3u, limit = 4uL)))
            val folder = all.first { '/' in it }.substringBefore('/') + "/"
            assertEquals(all.filter { it.startsWith(folder) }, session.allKeys(ListingRequest(prefix = folder)))
        }

    @Test
    fun `the same redirect twice makes one exchange`() =
        withStack { stack ->
            val session = stack.session()
            val redirect = stack.redirectFor(session)
            val first = session.completeLogin(redirect) as SessionState.SignedIn
            val before = stack.count("token")
            val second = session.completeLogin(redirect) as SessionState.SignedIn
            assertEquals(first.user.subject, second.user.subject)
            assertEquals(before, stack.count("token"))
        }

    @Test
    fun `a restart finds the session without a token request`() =
        withStack { stack ->
            val store = memoryStore()
            stack.signInTo(stack.session(store))
            val before = stack.count("token")
            val restarted = stack.session(store)
            assertInstanceOf(SessionState.SignedIn::class.java, restarted.restore())
            assertTrue(restarted.allKeys().isNotEmpty())
            assertEquals(before, stack.count("token"))
        }

    @Test
    fun `another user's sign-in tells the app to forget the first`() =
        withStack { stack ->
            val session = stack.session()
            val recorder = Recorder()
            val observation = session.observe(recorder)
            val alice = (stack.signInTo(session) as SessionState.SignedIn).user
            val aliceIdentity =
                session.run {
                    awsCredentials()
                    details().identityId
                }
            val url = session.beginLogin(LoginOptions(prompt = LoginPrompt.LOGIN)).url()
            val bob = session.completeLogin(stack.signIn(url, "bob@example.com", stack.userPassword())) as SessionState.SignedIn
            assertNotEquals(alice.subject, bob.user.subject)
            assertEquals(alice.subject, recorder.await<SessionEvent.UserChanged>().previousSubject)
            session.awsCredentials()
            assertNotEquals(aliceIdentity, session.details().identityId)
            observation.stop()
        }

    @Test
    fun `accounts keep two users apart`() =
        withStack { stack ->
            val store = memoryStore()
            stack.signInTo(stack.session(store))
            stack.signInTo(stack.session(store, SessionOptions(account = "work")))
            val accounts = CoreAccounts.of(stack.config(), store)
            assertEquals(listOf("default", "work"), accounts.list().map { it.name })
            accounts.switchTo("work")
            assertEquals("work", accounts.current())
            stack.session(store, SessionOptions(account = "work")).run {
                restore()
                signOut(SignOutMode.LOCAL)
            }
            assertInstanceOf(SessionState.SignedIn::class.java, stack.session(store).restore())
        }
}
