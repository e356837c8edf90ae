// Depth first over the calls; a call to a chain that is still open closes a circle.
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

class Loops {
  public:
    Loops(Context const& ctx, Findings& out)
        : ctx_(ctx), out_(out), chains_(ctx.ruleset().chains), done_(chains_.size(), false) {}

    void from(ChainId start) {
        if (done_[start]) return;
        stack_ = {{start, 0}};
        while (!stack_.empty()) {
            auto& [chain, next] = stack_.back();
            if (next == chains_[chain].rules.size()) {
                done_[chain] = true;
                stack_.pop_back();
                continue;
            }
            std::size_t const index = next++;
            auto const* jump = std::get_if<Jump>(&chains_[chain].rules[index].verdict);
            if (jump == nullptr || jump->chain == no_chain || done_[jump->chain]) continue;
            auto const open = std::find_if(stack_.begin(), stack_.end(), [&](auto const& level) { return level.first == jump->chain; });
            if (open == stack_.end()) stack_.emplace_back(jump->chain, 0);
            else report(chain, index, open);
        }
    }

  private:
    using Stack = std::vector<std::pair<ChainId, std::size_t>>; // chain and its next rule

    void report(ChainId chain, std::size_t index, Stack::iterator open) {
        std::string loop;
        for (auto level = open; level != stack_.end(); ++level) loop += chains_[level->first].name + " -> ";
        loop += chains_[open->first].name;
        Finding& finding = out_.add(ctx_.rule().id, chains_[chain].rules[index].span);
        finding.arg("chain", chains_[open->first].name).arg("loop", loop);
        finding.where = where(chains_[chain], index);
        for (auto level = open; level + 1 != stack_.end(); ++level) {
            finding.relate("calls " + chains_[(level + 1)->first].name, chains_[level->first].rules[level->second - 1].span);
        }
    }

    Context const& ctx_;
    Findings& out_;
    std::vector<Chain> const& chains_;
    std::vector<bool> done_;
    Stack stack_;
};

} // namespace

void check_jump_loop(Context const& ctx, Findings& out) {
    Loops loops(ctx, out);
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) loops.from(id);
}

} // namespace portcullis
