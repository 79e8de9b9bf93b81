#include "ui/casebase/governs_field.h"

#include <algorithm>

#include <QLabel>
#include <QMenu>

#include "ui/casebase/chip.h"
#include "ui/casebase/flow_layout.h"
#include "ui/shell/card.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {

GovernsField::GovernsField(QWidget* parent)
    : QWidget(parent)
    , m_layout(new FlowLayout(this))
{
    setObjectName(QStringLiteral("governsField"));
    setAccessibleName(tr("Governs"));
    rebuild();
}

void GovernsField::setCodes(const QVector<CodeName>& known)
{
    m_known = known;
    rebuild();
}

void GovernsField::setValue(const std::vector<casebase::GoverningCode>& codes)
{
    m_value = codes;
    rebuild();
}

void GovernsField::setEditable(bool editable)
{
    m_editable = editable;
    rebuild();
}

void GovernsField::rebuild()
{
    while (QLayoutItem* item = m_layout->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater(); // one of them may be what was pressed
        delete item;
    }
    for (std::size_t i = 0; i < m_value.size(); ++i) {
        const QString id = QString::fromStdString(m_value[i].code);
        const auto known = std::find_if(m_known.cbegin(), m_known.cend(), [&](const CodeName& code) { return code.first == id; });
        const QString title = known == m_known.cend() ? QString() : known->second;
        auto* chip = new Chip(
            m_editable ? Chip::Kind::removable : Chip::Kind::fixed, id, title, m_value[i].decides ? tr("decides") : tr("weighed"), this);
        chip->setObjectName(QStringLiteral("governsChip%1").arg(i));
        chip->setToolTip(tr("%1 %2. Press to say whether it decides.").arg(id, title));
        chip->setEnabled(m_editable);
        connect(chip, &Chip::clicked, this, [this, i] {
            m_value[i].decides = !m_value[i].decides;
            rebuild();
            Q_EMIT edited();
        });
        connect(chip, &Chip::removeAsked, this, [this, i] {
            m_value.erase(m_value.begin() + static_cast<std::ptrdiff_t>(i));
            rebuild();
            Q_EMIT edited();
        });
        m_layout->addWidget(chip);
        chip->show();
    }
    if (m_editable) {
        auto* add = new Chip(Chip::Kind::adding, {}, tr("code"), {}, this);
        add->setObjectName(QStringLiteral("addCodeChip"));
        add->setAccessibleName(tr("Add a code"));
        connect(add, &Chip::clicked, this, &GovernsField::offerCodes);
        m_layout->addWidget(add);
        add->show();
    } else if (m_value.empty()) {
        auto* none = new QuietLabel(tr("no code"), bodyFont(), this);
        m_layout->addWidget(none);
        none->show();
    }
    m_layout->invalidate();
    updateGeometry();
}

void GovernsField::offerCodes()
{
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("codesMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (const CodeName& code : m_known) {
        if (std::any_of(m_value.begin(), m_value.end(), [&](const auto& governing) { return governing.code == code.first.toStdString(); }))
            continue;
        menu->addAction(code.first + QStringLiteral("  ") + code.second, this, [this, id = code.first.toStdString()] {
            // The first decides; what is added to it is weighed until one says otherwise.
            m_value.push_back({id, m_value.empty()});
            rebuild();
            Q_EMIT edited();
        });
    }
    if (menu->isEmpty())
        menu->addAction(tr("There is no other code."))->setEnabled(false);
    menu->popup(mapToGlobal(QPoint(0, height() + 4)));
}

} // namespace precedent::ui
