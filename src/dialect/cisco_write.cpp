// The layout of a configuration: groups, lists, and the interfaces that have them.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "dialect/cisco_write_list.hpp"
#include "portcullis/dialect/write.hpp"

namespace portcullis {
namespace cisco {
namespace {

// The number of each line and of its remarks: those that the rules have, or from 10 on in steps of 10. None at all where
// the device counts by itself and says no numbers: then a number could meet that of a remark.
class Numbers {
  public:
    explicit Numbers(WrittenList const& list) {
        bool const remarks = std::any_of(list.lines.begin(), list.lines.end(), [](ListLine const& line) { return !line.remarks.empty(); });
        std::uint32_t last = 0;
        kept_ = !remarks && !list.lines.empty();
        for (ListLine const& line : list.lines) {
            kept_ = kept_ && line.sequence > last;
            last = line.sequence;
        }
        bool const ios = list.traits.dialect == Dialect::cisco_ios;
        counted_ = !kept_ && !ios && list.traits.dialect != Dialect::cisco_asa;
    }
    std::uint32_t of(ListLine const& line) { return kept_ ? line.sequence : next(); }
    std::uint32_t next() {
        constexpr std::uint32_t step = 10;
        return counted_ ? number_ += step : 0;
    }

  private:
    bool kept_ = false;
    bool counted_ = false;
    std::uint32_t number_ = 0;
};

void lay_out(WrittenList const& list, std::string& text) {
    if (std::string const header = list_header(list, list.name); !header.empty()) text += header + '\n';
    Numbers numbers(list);
    for (ListLine const& line : list.lines) {
        for (std::string const& remark : line.remarks)
            text += remark_command(list, list.name, remark, numbers.next()) + '\n';
        text += entry_command(list, list.name, line, numbers.of(line)) + '\n';
    }
}

// Lines of interfaces, in the order in which the interfaces are met.
class Bindings {
  public:
    void add(std::string const& interface, std::string const& line) {
        auto const [at, is_new] = index_.emplace(interface, blocks_.size());
        if (is_new) blocks_.push_back({interface, {}});
        blocks_[at->second].second += line + '\n';
    }
    std::string text(bool asa) const {
        std::string text;
        for (auto const& [interface, lines] : blocks_) text += asa ? lines : "interface " + interface + '\n' + lines;
        return text;
    }

  private:
    std::map<std::string, std::size_t> index_;
    std::vector<std::pair<std::string, std::string>> blocks_;
};

} // namespace
} // namespace cisco

Writing write_cisco(Ruleset const& ruleset, Dialect platform) {
    using namespace cisco;
    WrittenLists const written = write_lists(ruleset, platform);
    Writing result{written.groups, written.losses};
    Bindings bindings;
    std::map<ChainId, WrittenList const*> by_chain;
    for (WrittenList const& list : written.lists) {
        lay_out(list, result.text);
        by_chain.emplace(list.chain, &list);
        for (Binding const& binding : written_bindings(ruleset.chains[list.chain]))
            bindings.add(binding.interface, binding_command(list.traits, list.name, binding));
        for (Use const& use : ruleset.chains[list.chain].uses)
            if (auto const interface = interface_of_device_list(use); interface && platform == Dialect::cisco_asa)
                bindings.add(*interface, device_binding_command(list.name, *interface));
    }
    for (Chain const& chain : ruleset.chains)
        if (ruleset.dialect == platform && is_missing(chain))
            for (Binding const& binding : chain.bindings)
                bindings.add(binding.interface, binding_command({platform, chain.hook->v4, chain.hook->v6}, chain.name, binding));
    for (ChainId id = 0; id < written.common.size(); ++id) {
        std::string names = "common";
        ListTraits traits;
        for (ChainId const list : written.common[id]) {
            if (!by_chain.contains(list)) continue;
            names += ' ' + by_chain.at(list)->name;
            traits = by_chain.at(list)->traits;
        }
        if (!written.common[id].empty())
            for (Binding const& binding : ruleset.chains[id].bindings)
                bindings.add(binding.interface, binding_command(traits, names, binding));
    }
    result.text += bindings.text(platform == Dialect::cisco_asa);
    return result;
}

} // namespace portcullis
