// Real files hardened, where they are there: the proof holds, and the loader takes what it took before. Every few files of each kind.
#include <catch2/catch.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "corpus/corpus.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/lint/harden.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

bool is_taken(std::string const& text, Dialect dialect) {
    std::string const program = dialect == Dialect::nftables    ? "nft -c -f"
                                : dialect == Dialect::iptables  ? "iptables-nft-restore --wait 20 --test"
                                : dialect == Dialect::ip6tables ? "ip6tables-nft-restore --wait 20 --test"
                                                                : "false";
    fs::path const file = fs::temp_directory_path() / ("portcullis-hardened-" + std::to_string(getpid()));
    std::ofstream(file) << text;
    bool const taken = std::system(("unshare -n " + program + " " + file.string() + " > /dev/null 2>&1").c_str()) == 0;
    fs::remove(file);
    return taken;
}

} // namespace

TEST_CASE("real files are hardened, and nothing changes that no step is about") {
    if (!is_there(corpus())) return;
    constexpr std::uintmax_t largest = 100'000;
    std::size_t changed = 0, loaded = 0, looked_at = 0;
    for (auto const& [folder, every] : {std::pair("iptables", 4), {"nftables", 12}, {"cisco-ios", 24}, {"cisco-asa", 24}, {"cisco-nxos", 12}}) {
        std::vector<fs::path> files;
        for (auto const& entry : fs::recursive_directory_iterator(corpus() / folder))
            if (entry.is_regular_file() && entry.file_size() < largest) files.push_back(entry.path());
        std::ranges::sort(files);
        for (std::size_t i = 0; i < files.size(); i += static_cast<std::size_t>(every)) {
            std::string const text = content(files[i]);
            auto const dialect = detect_dialect(text);
            if (!dialect) continue;
            INFO(files[i]);
            auto const sources = std::make_shared<Sources>();
            SourceId const source = sources->add("fw", text);
            try {
                Hardened const hardened = harden(sources, source, *dialect, {}, {});
                ++looked_at;
                if (hardened.text == text) continue;
                ++changed;
                if (!is_taken(text, *dialect)) continue;
                ++loaded;
                INFO(hardened.text);
                CHECK(is_taken(hardened.text, *dialect));
            } catch (NotHardenable const&) {
            } catch (BudgetExceeded const& e) {
                WARN(files[i] << ": " << e.what());
            }
        }
    }
    WARN(looked_at << " files, " << changed << " of them changed; of those the loader takes " << loaded);
    CHECK(changed > 10);
}
