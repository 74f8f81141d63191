#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef void (*sgemm_function)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                               float *, int);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_function sgemm;
static char error_text[512];
static char core_name[64];
static char version_text[256];

/// Whether the CPU has, and the kernel saves, the AVX-512 state that OpenBLAS's SkylakeX kernels need.
static int has_avx512(void) {
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

static void open_library(void) {
    // Both are read by the library's constructor, so they must be set before dlopen. A user's own choice stands.
    if (has_avx512()) setenv("OPENBLAS_CORETYPE", "SKYLAKEX", 0);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    const char *names[] = {"libopenblas.so.0", "libopenblas.so"};
    void *handle = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !handle; i++) handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(error_text, sizeof error_text, "%s", dlerror());
        return;
    }
    sgemm_function found = (sgemm_function)dlsym(handle, "cblas_sgemm");
    char *(*core)(void) = (char *(*)(void))dlsym(handle, "openblas_get_corename");
    char *(*configuration)(void) = (char *(*)(void))dlsym(handle, "openblas_get_config");
    void (*set_threads)(int) = (void (*)(int))dlsym(handle, "openblas_set_num_threads");
    if (!found || !core || !configuration || !set_threads) {
        snprintf(error_text, sizeof error_text, "the library lacks an OpenBLAS function: %s", dlerror());
        return;
    }
    set_threads(1);
    snprintf(core_name, sizeof core_name, "%s", core());
    snprintf(version_text, sizeof version_text, "%s", configuration());
    sgemm = found;
}

int openblas_open(void) {
    pthread_once(&once, open_library);
    return sgemm ? 0 : 1;
}

const char *openblas_error(void) { return error_text; }
const char *openblas_core(void) { return core_name; }
const char *openblas_version(void) { return version_text; }

void openblas_sgemm(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                    const float *b, int ldb, float beta, float *c, int ldc) {
    const int row_major = 101, no_transpose = 111, transpose = 112;
    sgemm(row_major, transpose_a ? transpose : no_transpose, transpose_b ? transpose : no_transpose, m, n, k, alpha, a,
          lda, b, ldb, beta, c, ldc);
}
