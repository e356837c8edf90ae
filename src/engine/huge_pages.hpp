// Memory of tables that are asked in no order: where the system has them, in huge pages, without which most of the time of
// large diagrams goes into finding pages.
#pragma once
#include <cstddef>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace portcullis {

template <class T> struct HugePages {
    using value_type = T;
    static constexpr std::size_t page = std::size_t{1} << 21U; // of the usual processors; elsewhere, only an alignment
    static constexpr std::size_t least = 2 * page;             // bytes that are worth it

    HugePages() = default;
    template <class U> explicit(false) HugePages(HugePages<U> const&) {}

    static T* allocate(std::size_t count) {
        std::size_t const size = count * sizeof(T);
        if (size < least) return static_cast<T*>(::operator new(size));
        void* const memory = ::operator new(size, std::align_val_t{page});
#if defined(__linux__)
        madvise(memory, size / page * page, MADV_HUGEPAGE); // without it, everything is slower and nothing else
#endif
        return static_cast<T*>(memory);
    }
    static void deallocate(T* memory, std::size_t count) {
        std::size_t const size = count * sizeof(T);
        if (size < least) ::operator delete(memory);
        else ::operator delete(memory, std::align_val_t{page});
    }
    friend bool operator==(HugePages, HugePages) { return true; }
};

} // namespace portcullis
