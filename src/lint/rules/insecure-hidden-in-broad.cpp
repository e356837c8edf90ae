// What a broad permit really lets in, service by service; those that rules of lint name come first, in their order.
#include <algorithm>

#include "lint/exposure.hpp"

namespace portcullis {

namespace {

// The insecure services of the catalogue, without variants of others that share their ports.
std::vector<Service const*> insecure_services(Catalogue const& catalogue) {
    std::vector<Service const*> all;
    auto const add = [&](Service const* service) {
        bool const wanted = service != nullptr && service->insecure && service->variant_of.empty();
        if (wanted && std::find(all.begin(), all.end(), service) == all.end()) all.push_back(service);
    };
    for (RuleInfo const& rule : rules()) {
        for (std::string const& name : rule.services) add(catalogue.find(name));
    }
    for (Service const& service : catalogue.services()) add(&service);
    return all;
}

} // namespace

void check_insecure_hidden_in_broad(Context const& ctx, Findings& out) {
    std::vector<Service const*> const insecure = insecure_services(ctx.catalogue());
    for (Opening opening : wide_openings(ctx)) {
        if (trusts_source_port(ctx, *opening.parts.front().first)) continue;
        opening.services = open_services(ctx, opening, insecure);
        if (opening.services.empty()) continue;
        // The witness is a packet to the first of them.
        for (auto& [permit, set] : opening.parts) set &= ctx.to_service(opening.services.front().port);
        std::erase_if(opening.parts, [](auto const& part) { return part.second.empty(); });
        report(ctx, out, opening).note("opens: " + services_text(opening.services, opening.services.size()));
    }
}

} // namespace portcullis
