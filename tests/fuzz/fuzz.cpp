// libFuzzer's entry into the target that PORTCULLIS_FUZZ_TARGET names; a broken promise is an exception, which
// nobody catches, and so a crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace portcullis::fuzz;
    static Target const& target = *std::find_if(targets().begin(), targets().end(),
                                                [](Target const& t) { return t.name == PORTCULLIS_FUZZ_TARGET; });
    target.run({reinterpret_cast<char const*>(data), size});
    return 0;
}
