// What a base chain at ingress or egress sees: the packets of its devices.
#pragma once
#include <algorithm>
#include <optional>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// Nothing where the hook has no devices, and where the text names none: the chain may get them elsewhere.
inline std::optional<Term> at_devices(Hook const& hook) {
    bool const has_devices = hook.point == HookPoint::ingress || hook.point == HookPoint::egress;
    if (!has_devices || hook.device.empty()) return std::nullopt;
    IntervalSet all;
    for (std::size_t at = 0; at <= hook.device.size();) {
        std::size_t const end = std::min(hook.device.find(',', at), hook.device.size());
        all = all.united(IntervalSet::single(interface_value(hook.device.substr(at, end - at))));
        at = end + 1;
    }
    return Term{hook.point == HookPoint::egress ? Field::oif : Field::iif, std::move(all), {}};
}

} // namespace portcullis
