/* bench/heap.c - counts what the whole program allocates, OpenSSL included, by
 * standing in front of the C library's allocator. */
#include "bench/bench.h"

#include <malloc.h>
#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_TAKEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEAP_IS_TAKEN 1
#endif
#endif

static atomic_uint_fast64_t calls;
static atomic_size_t live;

size_t bench_heap_bytes(void)
{
    return atomic_load(&live);
}

uint64_t bench_heap_calls(void)
{
    return atomic_load(&calls);
}

#ifndef HEAP_IS_TAKEN

/* The C library's own names for its functions. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static void *counted(void *ptr)
{
    atomic_fetch_add(&calls, 1);
    atomic_fetch_add(&live, malloc_usable_size(ptr));
    return ptr;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    return counted(__libc_malloc(size));
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    return counted(__libc_calloc(count, size));
}

__attribute__((visibility("default"))) void *realloc(void *ptr, size_t size)
{
    atomic_fetch_sub(&live, malloc_usable_size(ptr));
    return counted(__libc_realloc(ptr, size));
}

__attribute__((visibility("default"))) void free(void *ptr)
{
    atomic_fetch_sub(&live, malloc_usable_size(ptr));
    __libc_free(ptr);
}

#endif
