/* bcryptprimitives.dll with the one function of it that Rust's standard library imports (since 1.78; Windows has it from 10
   on), for a Wine that has no such library. RtlGenRandom, which has been there for longer, has the same promise. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length) { return SystemFunction036(bytes, (ULONG)length); }
