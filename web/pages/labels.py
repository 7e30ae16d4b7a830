"""The words for codes, as pages show them. Codes are those of CONTRACT; the translations are in `translations/`."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

Words = Mapping[str, Any]

ROUND: Words = {"first": _("第一次拍卖"), "second": _("第二次拍卖"), "sell_off": _("变卖")}
ROUND_SHORT: Words = {"first": _("一拍"), "second": _("二拍"), "sell_off": _("变卖")}

STATUS: Words = {
    "draft": _("草稿"),
    "in_review": _("合议中"),
    "approved": _("待公告"),
    "announced": _("公告中"),
    "open": _("竞价中"),
    "suspended": _("已中止"),
    "sold": _("成交"),
    "unsold": _("流拍"),
    "withdrawn": _("已撤回"),
    "revoked": _("已撤销"),
}

#: Who owes a tax or fee of a sale.
PAYER: Words = {
    "buyer": _("买受人"),
    "debtor": _("被执行人，从价款中扣"),
    "court": _("法院负责，不由您付"),
    "unclear": _("法律未明确由谁承担，按可能由您付计"),
}

#: What became of a round, in statistics.
OUTCOME: Words = {
    "sold": _("成交"),
    "unsold": _("流拍"),
    "reneged": _("悔拍"),
    "withdrawn": _("已撤回"),
    "revoked": _("已撤销"),
}

ASSET_TYPE: Words = {
    "real_estate": _("房产"),
    "land_use_right": _("土地使用权"),
    "vehicle": _("车辆"),
    "vessel": _("船舶"),
    "machinery": _("机器设备"),
    "goods": _("货物物品"),
    "equity": _("股权"),
    "receivable": _("债权"),
    "intellectual_property": _("知识产权"),
    "other": _("其他"),
}

#: What lots are filtered by: marks of the sheet, of earlier rounds and of clearance.
FLAG: Words = {
    "vacant": _("空置"),
    "occupied": _("有人占用"),
    "leased": _("有租约"),
    "sole_share": _("整体产权"),
    "share": _("部分份额"),
    "restricted_buyers": _("买受人资格受限"),
    "restricted": _("买受人资格受限"),
    "preferential": _("有优先购买权人"),
    "burdened": _("有权利负担"),
    "arrears": _("有欠费"),
    "defective": _("有已知瑕疵"),
    "failed_rounds": _("曾经流拍"),
    "loan": _("可以贷款"),
    **{f"band_{band}": _("腾空风险 %(band)s", band=band.upper()) for band in "abcde"},
}
#: What a list may be sorted by.
SORT: Words = {
    "closes_at": _("最早结束"),
    "opens_at": _("最早开拍"),
    "price_fen": _("价格从低到高"),
    "-price_fen": _("价格从高到低"),
    "-announced_at": _("最新公告"),
    "-followers": _("关注最多"),
}

ITEM_PART: Words = {
    "state": _("状态"),
    "statement": _("说明"),
    "source": _("来源"),
    "checked_on": _("核查日期"),
    "attachments": _("依据的附件"),
}

TERMS: Words = {
    "round": _("轮次"),
    "reserve_price_fen": _("起拍价（保留价，元）"),
    "deposit_fen": _("保证金（元）"),
    "increment_fen": _("增价幅度（元）"),
    "balance_days": _("尾款期限（成交后几日内）"),
    "opens_at": _("开拍时间（北京时间）"),
    "closes_at": _("结束时间（北京时间）"),
    "forfeit_fen": _("变卖悔拍不退还的数额（元）"),
    "late_reason": _("未在期限内再拍的原因"),
    "late_reason_text": _("原因说明"),
    "panel": _("合议庭"),
}

#: The fields of the forms that are rewritten as a whole, and what a row of a list in them is called.
STALE_PART: Words = {
    "method": _("确定方式"),
    "amount_fen": _("参考价（元）"),
    "effective_on": _("确定日期"),
    "valid_until": _("有效期至"),
    "results": _("结果"),
    "results.source": _("来源"),
    "results.amount_fen": _("结果（元）"),
    "results.reported_on": _("出具日期"),
    "steps": _("步骤"),
    "steps.code": _("步骤"),
    "steps.what": _("做什么"),
    "steps.on": _("日期"),
    "steps.detail": _("说明"),
    "owner": _("责任人"),
    "promised_on": _("承诺腾空日期"),
    "resources": _("人员、车辆、场所等资源"),
    "text": _("文本"),
    "text_en": _("英文文本"),
    "recipients": _("受通知人"),
    "recipients.name": _("姓名或名称"),
    "recipients.role": _("身份"),
    "recipients.status": _("情况"),
    "recipients.at": _("时间"),
    "recipients.proof": _("收悉的凭据"),
    "recipients.proof_file": _("送达凭据文件"),
}

PRICE_METHOD: Words = {
    "agreement": _("当事人议价"),
    "directed_inquiry": _("定向询价"),
    "network_inquiry": _("网络询价"),
    "appraisal": _("委托评估"),
}

PRICE_STEP: Words = {
    **{f"{method}_asked": _("%(method)s：已发起", method=name) for method, name in PRICE_METHOD.items()},
    **{f"{method}_failed": _("%(method)s：未能形成结果", method=name) for method, name in PRICE_METHOD.items()},
    **{f"{method}_skipped": _("%(method)s：未采用", method=name) for method, name in PRICE_METHOD.items()},
    **{f"{method}_result": _("%(method)s：收到结果", method=name) for method, name in PRICE_METHOD.items()},
    "network_inquiry_extended": _("网络询价：准许延期"),
    "appraisal_extended": _("委托评估：准许延期"),
    "report_received": _("收到报告"),
    "report_served": _("报告已送达当事人"),
    "report_published": _("报告已公示"),
    "objection_filed": _("当事人提出异议"),
    "objection_decided": _("异议已处理"),
    "parties_chose": _("当事人一致选择"),
    "law_requires": _("法律规定应当评估"),
}

PRICE_STATE: Words = {
    "open": _("现在可以采用"),
    "waits": _("前一方式未有结论前不能采用"),
    "running": _("进行中"),
    "delivered": _("已有结果"),
    "failed": _("未能形成结果"),
    "skipped": _("未采用"),
}

PARTY_ROLE: Words = {
    "applicant": _("申请执行人"),
    "debtor": _("被执行人"),
    "secured_creditor": _("担保物权人"),
    "preferential": _("优先购买权人"),
    "co_owner": _("共有人"),
    "lessee": _("承租人"),
    "other": _("其他"),
}

NOTICE_STATUS: Words = {
    "to_notify": _("待通知"),
    "sent": _("已发出"),
    "received": _("已收悉"),
    "unreachable_published": _("无法通知，已公示"),
    "waived_written": _("书面放弃"),
}

ITEM_STATE: Words = {
    "found": _("已查明"),
    "none": _("无"),
    "not_applicable": _("不适用"),
    "exempt": _("依法不公开"),
}

CAPACITY: Words = {
    "self": _("本人竞买"),
    "agent": _("代他人竞买（受托人）"),
    "joint": _("与他人联合竞买"),
}

CLAIM: Words = {
    "ordinary": _("普通竞买人"),
    "preferential": _("优先购买权人"),
    "creditor": _("本案申请执行人"),
}

ID_TYPE: Words = {
    "resident_id": _("居民身份证"),
    "uscc": _("统一社会信用代码"),
    "passport": _("护照"),
}

REGISTRATION: Words = {
    "awaiting_court": _("待法院确认"),
    "awaiting_deposit": _("待交保证金"),
    "qualified": _("已取得竞买资格"),
    "refused": _("未通过"),
    "released": _("报名已结束"),
    "applied": _("保证金已转为价款"),
    "forfeited": _("保证金不予退还"),
}

CLAIM_STATUS: Words = {"pending": _("待法院确认"), "approved": _("法院已确认"), "refused": _("法院未确认")}

PAYMENT: Words = {
    "pending": _("待支付"),
    "paid": _("已到账"),
    "failed": _("支付失败"),
    "wrong_payer": _("付款人不符，原路退回"),
    "wrong_amount": _("金额不符，原路退回"),
    "refunding": _("退款中"),
    "refunded": _("已退款"),
}

#: What a payment is for.
PURPOSE: Words = {
    "deposit": _("保证金"),
    "balance": _("尾款"),
    "excess": _("多交的保证金"),
    "rest": _("变卖预交款的余额"),
    "top_up": _("补交款"),
    "difference": _("抵债差价"),
}

#: Money that came and could not count, by its status.
STRAY: Words = {
    "wrong_payer": _("付款人不符、未计入的付款"),
    "wrong_amount": _("金额不符、未计入的付款"),
}

SETTLEMENT: Words = {
    "balance_due": _("待付尾款"),
    "overdue": _("尾款逾期"),
    "paid": _("价款已付清"),
    "ruled": _("已作出成交裁定"),
    "handed_over": _("已交付"),
    "reneged": _("悔拍"),
}

#: How urgent each is, as the badge's class.
SETTLEMENT_TONE = {
    "balance_due": "warn",
    "overdue": "stop",
    "paid": "acc",
    "ruled": "acc",
    "handed_over": "ok",
    "reneged": "stop",
}

DEBT_STAGE: Words = {
    "balance_due": _("尾款尚在期限内"),
    "overdue": _("尾款已逾期，宽限期内"),
    "declarable": _("宽限期已满，可以认定悔拍"),
    "settled": _("价款已付清"),
    "reneged": _("已认定悔拍"),
}

FORFEIT_USE: Words = {
    "costs": _("拍卖费用损失"),
    "shortfall": _("再次拍卖少卖的差价"),
    "case_debt": _("本案被执行人的债务"),
    "related_debt": _("与标的相关的其他债务"),
    "kept": _("余额留存法院，不退还悔拍人"),
}

RENEGE_OBJECTION: Words = {"filed": _("待审查"), "accepted": _("异议成立"), "rejected": _("异议驳回")}

#: Objections to a sale, and the reviews of their decisions.
OBJECTION_KIND: Words = {"conduct": _("对拍卖行为的异议"), "ownership": _("案外人对标的主张权利")}
SALE_OBJECTION: Words = {"filed": _("待审查"), "accepted": _("异议成立"), "rejected": _("异议驳回")}
OBJECTION_SUIT: Words = {
    "filed": _("审理中"),
    "dismissed": _("驳回诉讼请求、撤诉或者按撤诉处理"),
    "upheld": _("判决不得执行该标的"),
}
OBJECTION_REVIEW: Words = {"filed": _("复议中"), "upheld": _("复议维持"), "reversed": _("复议撤销原决定")}

#: What a court has to do by a day.
TOP_UP: Words = {
    "ordered": _("已责令补交"),
    "paid": _("已补交"),
    "enforced": _("强制执行中"),
    "in_vain": _("强制执行未果，余额不再追缴"),
    "cancelled": _("已撤回"),
}

SUSPENSION: Words = {"stay": _("暂缓"), "halt": _("中止"), "fault": _("平台故障")}

WITHDRAWAL: Words = {
    "title_annulled": _("据以执行的生效法律文书被撤销"),
    "creditors_withdraw": _("申请执行人及其他执行债权人撤回执行申请"),
    "debt_paid": _("被执行人全部履行了债务"),
    "settled": _("当事人达成执行和解，不需要拍卖"),
    "outsider_objection": _("案外人异议理由成立"),
    "collusion": _("恶意串通"),
    "material_change": _("情况表发生重大变化，须重新公告"),
    "satisfied": _("同案其他标的所得价款已足以清偿"),
    "taken": _("已交债权人抵债"),
    "own_sale": _("被执行人已自行变卖"),
    "other": _("其他应当撤回的情形"),
}

#: How a lot is disposed of without a sale to a bidder.
DISPOSAL: Words = {
    "taken": _("已交债权人抵债"),
    "own_sale": _("被执行人已自行变卖"),
    "returned": _("已解除查封，退还被执行人"),
    "other_measures": _("不再拍卖，采取其他执行措施"),
}
RETURNING: Words = {
    "returned": _("解除查封，退还被执行人"),
    "other_measures": _("采取其他执行措施"),
}
TAKING: Words = {
    "declined": _("不接受"),
    "willing": _("愿意接受"),
    "refused": _("不予抵债"),
    "awarded": _("待补交差价"),
    "taken": _("已承受，待裁定"),
    "ruled": _("已裁定抵债"),
    "lapsed": _("未补交差价，已失效"),
}
OWN_SALE: Words = {
    "allowed": _("自行变卖中"),
    "sold": _("已变卖"),
    "lapsed": _("期满未变卖"),
    "ended": _("已终止"),
}

#: Grounds on which a sale is revoked (OJA 31).
REVOCATION: Words = {
    "misdescribed": _("文字、视频、照片或者瑕疵说明严重失实"),
    "system_failure": _("系统故障、病毒、黑客攻击或者数据错误致使结果错误"),
    "collusion": _("恶意串通"),
    "unqualified": _("买受人不具备竞买资格"),
    "unequal_terms": _("违法限制竞买人或者享有不同竞买条件"),
    "procedure": _("其他严重违反程序且损害利益的情形"),
}

#: Why an auction ended without a sale that stands.
ENDED: Words = {
    **WITHDRAWAL,
    **REVOCATION,
    "winner_barred": _("买受人属于禁止竞买的人"),
    "renege_revoked": _("悔拍认定已撤销"),
}

LATE_REASON: Words = {
    "stay": _("期间暂缓或者中止"),
    "objection": _("异议审查期间"),
    "reference_price": _("重新确定处置参考价"),
    "parties": _("当事人申请"),
    "other": _("其他（须写明）"),
}

RELIST_REASON: Words = {
    "unsold": _("流拍"),
    "renege": _("买受人悔拍"),
    "revoked": _("拍卖被撤销"),
    "withdrawn": _("上次拍卖已撤回"),
}

QUALIFICATION: Words = {"proven": _("已证明具备购买资格"), "not_required": _("本标的无须购买资格")}

#: The parts of a buyer's money.
MONEY_PART: Words = {"deposit": _("保证金"), "balance": _("尾款")}

HANDOVER_STEP: Words = {
    "ruling": _("裁定已作出"),
    "ruling_served": _("裁定已送达"),
    "unsealed": _("已解除查封"),
    "notice_served": _("协助执行通知书已送达登记机构"),
    "clearing_notice": _("已张贴腾空公告"),
    "cleared": _("已腾空"),
    "cleared_by_force": _("已强制腾空"),
    "keys": _("钥匙、资料已移交"),
    "registered": _("已办理过户登记"),
    "handed_over": _("交付完毕"),
}

#: The usual kinds of auxiliary work (OJA 7); a court may write others.
TASK_KIND: Words = {
    "survey": _("现场勘查，制作文字说明"),
    "photos": _("拍照、录像"),
    "viewing": _("展示、引领看样"),
    "questions": _("接受咨询"),
    "samples": _("封存样品"),
    "inspection": _("鉴定、检验"),
    "valuation": _("评估"),
    "audit": _("审计"),
    "storage": _("仓储、保管"),
    "transport": _("运输"),
    "other": _("其他辅助工作（须写明，由法官负责）"),
}
TASK_STATUS: Words = {"open": _("进行中"), "done": _("已完成"), "cancelled": _("已取消")}
REPORT_PART: Words = {"waiting": _("待法院处理"), "accepted": _("已采纳"), "refused": _("已退回")}
VIEWING: Words = {"open": _("可预约"), "full": _("已约满"), "over": _("已开始或结束"), "cancelled": _("已取消")}

#: Bands of clearance risk.
BAND: Words = {
    "A": _("可直接交付"),
    "B": _("腾空较易"),
    "C": _("有一定难度"),
    "D": _("难度较大"),
    "E": _("难度很大"),
}

UNDERTAKING: Words = {
    "full_capacity": _("我具备完全民事行为能力；代表单位的，我有合法授权。"),
    "not_barred": _(
        "我不是本案执行法院、本平台和承担本标的辅助工作机构的工作人员，也不是他们的近亲属，并且不替他们竞买。"
    ),
    "accept_defects": _("我已了解标的现状，接受其一切已知和未知的瑕疵。"),
    "purchase_qualified": _("我具备购买本标的所要求的资格，并知道不实陈述的法律后果。"),
}

SANCTION: Words = {
    "fine": _("罚款"),
    "detention": _("拘留"),
    "publication": _("公开决定"),
    "term_bar": _("期限内限制竞买"),
}

SANCTION_DOCUMENT: Words = {
    "fine": _("罚款决定书"),
    "detention": _("拘留决定书"),
    "publication": _("公开恶意悔拍的决定书"),
    "term_bar": _("限制竞买决定书"),
}

SANCTION_STATUS: Words = {
    "proposed": _("待批准"),
    "approved": _("已送达，待生效"),
    "in_force": _("有效"),
    "lifted": _("已解除"),
    "expired": _("已到期"),
}

SANCTION_END: Words = {
    "term": _("期限届满"),
    "review": _("复议撤销"),
    "court": _("法院解除"),
    "finding_revoked": _("所依据的悔拍认定已撤销"),
}

SCOPE: Words = {"court": _("本院"), "all": _("各级法院")}

REVIEW: Words = {
    "none": _("未申请复议"),
    "filed": _("复议中"),
    "upheld": _("复议维持"),
    "lifted": _("复议撤销"),
}

#: What malice in reneging is found on.
MALICE: Words = {
    "no_means": _("竞买时没有支付能力"),
    "delay_for_debtor": _("替被执行人拖延执行"),
    "repeated": _("多次悔拍"),
    "price_above_twice_valuation": _("成交价超过参考价两倍"),
    "collusion": _("与他人串通"),
}

OBJECTION: Words = {"filed": _("异议待答复"), "accepted": _("异议成立"), "rejected": _("异议不成立")}

#: What a bidder's record says happened.
STANDING: Words = {
    "paid_in_time": _("按期付清价款"),
    "paid_late": _("逾期付清价款"),
    "reneged": _("悔拍"),
    "reneged_maliciously": _("恶意悔拍"),
    "renege_revoked": _("悔拍认定已撤销"),
}

STANDING_STATE: Words = {
    "counts": _("计分"),
    "contested": _("有异议，部分计分"),
    "struck": _("异议成立，不计分"),
    "cancelled": _("认定已撤销，不计分"),
    "replaced": _("并入后一认定，不计分"),
    "faded": _("年限已过，不计分"),
    "note": _("只作记载"),
}

APPROVAL_STATUS: Words = {
    "pending": _("等待批准"),
    "approved": _("已批准"),
    "rejected": _("未获批准"),
    "lapsed": _("已失效"),
}

#: What an outage did to a sale.
OUTAGE_EFFECT: Words = {
    "event": _("仅作公告，截止时间不变"),
    "extension": _("截止时间顺延"),
    "suspension": _("作为故障暂缓拍卖"),
}

#: Public entries of the log, as a reader who is no programmer would say them.
EVENT: Words = {
    "AgencyAdded": _("登记拍辅机构"),
    "AuctionAnnounced": _("发布拍卖公告"),
    "AuctionClosed": _("竞价结束"),
    "AuctionOpened": _("开始竞价"),
    "AuctionResumed": _("恢复竞价"),
    "AuctionSuspended": _("暂缓或中止"),
    "AuctionWithdrawn": _("撤回拍卖"),
    "BalanceOverdue": _("尾款逾期"),
    "BidAccepted": _("接受出价"),
    "BidRefused": _("拒绝出价"),
    "BidsLapsed": _("出价因情况表变更失效"),
    "CatalogueExtended": _("增设调查事项"),
    "ClearanceAssessed": _("评估腾空风险"),
    "ClearanceDecided": _("记录腾空结果"),
    "ClearanceOverdue": _("承诺的腾空日期已过，尚未腾空"),
    "ClearanceModelTrained": _("训练腾空模型"),
    "ClearancePlanned": _("制定腾空预案"),
    "ClosingRuled": _("作出成交裁定"),
    "CourtAdded": _("登记法院"),
    "CreditorsAsked": _("征询债权人是否接受抵债"),
    "DataExpired": _("按保存期限删除数据"),
    "DifferenceComplete": _("抵债差价付清"),
    "DisclosureSealed": _("封存调查情况表"),
    "DisposalStepTaken": _("抵债、自行变卖的交付步骤"),
    "HandoverStepTaken": _("交付步骤"),
    "IdentityUnsealed": _("经法官提请、监管批准，开封一名竞买人的身份"),
    "LetterWorded": _("改写文书文本"),
    "LotEntered": _("录入标的"),
    "LotReturned": _("决定退还或者采取其他措施"),
    "LotTaken": _("交债权人抵债"),
    "LotsDrawn": _("抽签"),
    "OpeningPutOff": _("推迟开拍"),
    "OffersTurnedAway": _("未受理的出价计数"),
    "OutageRecorded": _("记录平台中断的影响"),
    "OwnSaleAllowed": _("准许自行变卖"),
    "OwnSaleEnded": _("终止自行变卖"),
    "OwnSaleLapsed": _("自行变卖期满"),
    "OwnSaleRecorded": _("记录自行变卖"),
    "PreferentialPurchaserConfirmed": _("确认优先购买权人"),
    "PricePaid": _("价款付清"),
    "ReferencePriceSet": _("确定处置参考价"),
    "RegistryImported": _("更新人员名册"),
    "SanctionExpired": _("惩戒到期"),
    "SanctionInForce": _("惩戒生效"),
    "SanctionLifted": _("惩戒解除"),
    "SaleConfirmed": _("签发成交确认书"),
    "ServiceInterrupted": _("平台中断后恢复"),
    "QuestionAnswered": _("答复书面提问"),
    "TaskCancelled": _("取消辅助工作"),
    "TaskFinished": _("完成辅助工作"),
    "TakingLapsed": _("抵债失效"),
    "TakingRuled": _("作出抵债裁定"),
    "SaleRevoked": _("撤销拍卖"),
    "SheetChanged": _("重要变更补充公示"),
    "SuspensionCauseEnded": _("停止拍卖的事由消失"),
    "SuspensionRestated": _("停止拍卖的原因有变"),
    "BalancePutOff": _("尾款期限因假日安排顺延"),
    "TaskGiven": _("委托辅助工作"),
    "ViewingCancelled": _("取消看样"),
    "ViewingOffered": _("安排看样"),
    "WrittenRuleKept": _("存入书面规定"),
    "AnnouncementRewritten": _("公告、须知、特别提示重新生成"),
    "BuyerReneged": _("认定悔拍"),
    "ModelTrained": _("训练估值模型"),
    "RenegeRevoked": _("撤销悔拍认定"),
    "LogKeyRotated": _("更换日志密钥"),
    "WitnessDropped": _("不再采认见证人"),
    "WitnessNamed": _("指定日志见证人"),
}

OWN_FIELD: Words = {
    "name": _("姓名或单位名称"),
    "id_type": _("证件种类"),
    "id_number": _("证件号码"),
    "phone": _("手机号码"),
    "email": _("电子邮箱"),
    "address": _("地址"),
}
CORRECTION: Words = {"filed": _("等待决定"), "accepted": _("已更改"), "rejected": _("不予更正")}

#: What is held about somebody, by the names of the file he may take with him.
OWN_DATA: Words = {
    "sessions": _("登录"),
    "registrations": _("报名"),
    "acknowledgements": _("对公示内容的确认"),
    "payments": _("款项"),
    "bids": _("出价"),
    "signals": _("供比对的摘要"),
    "messages": _("消息"),
    "lot_follows": _("关注的标的"),
    "court_follows": _("关注的法院"),
    "searches": _("保存的查询"),
    "papers": _("提交的材料"),
    "qualifications": _("资格证明"),
    "objections": _("异议"),
    "renege_objections": _("对悔拍认定的异议"),
    "interest_reviews": _("复核申请"),
    "questions": _("书面提问"),
    "viewings": _("看样预约"),
    "standing": _("信用记录"),
    "standing_objections": _("对信用记录的异议"),
    "sanctions": _("惩戒"),
    "sanction_reviews": _("惩戒复议"),
    "journal": _("日志中有关您的记录"),
}

ALERT_OUTCOME: Words = {"confirmed": _("属实"), "unfounded": _("查无实据"), "no_action": _("无需处理")}

ROLE: Words = {
    "judge": _("法官"),
    "president": _("院长"),
    "clerk": _("书记员"),
    "regulator": _("监管人员"),
}

#: Why somebody is barred, and what the records of the registry say.
INTEREST_GROUND: Words = {
    "body": _("法院、平台或者拍辅机构本身"),
    "staff": _("工作人员"),
    "near_relative": _("工作人员的近亲属"),
    "controlled_company": _("受控公司"),
    "reneger_company": _("悔拍的原买受人控制的公司"),
    "reneger_controller": _("控制悔拍的买受公司的人"),
}
BODY: Words = {"court": _("法院"), "provider": _("平台服务提供者"), "agency": _("拍辅机构")}
#: Why a registration or a sale waits.
HOLD: Words = {
    "identity_unmatchable": _("身份无法比对"),
    "identity_review": _("与登记人员同名且同日出生"),
    "winner_barred": _("成交待法院决定"),
}
INTEREST_REVIEW: Words = {"open": _("待答复"), "lifted": _("禁止已解除"), "closed": _("已处理，未解除禁止")}
KINSHIP: Words = {
    "spouse": _("配偶"),
    "parent": _("父母"),
    "child": _("子女"),
    "sibling": _("兄弟姐妹"),
    "grandparent": _("祖父母、外祖父母"),
    "grandchild": _("孙子女、外孙子女"),
}
COMPANY_ROLE: Words = {
    "legal_representative": _("法定代表人"),
    "shareholder": _("股东"),
    "actual_controller": _("实际控制人"),
    "director": _("董事"),
}

#: Fields of forms of which a draft comes back.
DRAFT: Words = {
    "title": _("标的名称"),
    "case_number": _("案件"),
    "asset_type": _("类型"),
    "region": _("地区"),
    "address": _("地址或存放地"),
    "username": _("用户名"),
    "reason": _("理由"),
}

#: What is proposed to others for their approval.
APPROVAL_KIND: Words = {
    "break_glass": _("拍卖结束前开封竞买人身份"),
    "factor_reset": _("重置第二因素"),
    "hit_lifted": _("解除竞买禁止"),
    "renege": _("认定恶意悔拍"),
    "sanction": _("恶意悔拍惩戒"),
    "sanction_lifted": _("解除惩戒"),
    "renege_revoked": _("撤销悔拍认定"),
    "revocation": _("撤销拍卖"),
    "sheet_change": _("公示内容的重要变更"),
    "sale_objection": _("对拍卖的异议的裁定"),
    "taking_rank": _("以物抵债的法定受偿顺位"),
}

#: What a panel decides on, in its minutes: also the vote before an announcement, which has no proposal.
DECISION: Words = {**APPROVAL_KIND, "announcement": _("拍卖方案和调查情况表，是否公告")}

#: How a panel deals with a material change of a sheet.
SHEET_CHOICE: Words = {"withdrawal": _("撤回，重新公告"), "supplement": _("补充公示")}

#: The fields of proposals, as an approver reads them.
PROPOSAL: Words = {
    "kind": _("措施"),
    "bidder_code": _("竞买代码"),
    "username": _("用户名"),
    "name": _("姓名或单位名称"),
    "role": _("角色"),
    "amount_fen": _("金额"),
    "until": _("期限至"),
    "scope": _("范围"),
    "basis": _("依据"),
    "number": _("文号"),
    "malicious_factors": _("恶意情形"),
    "due_on": _("新的付款期限"),
    "ground": _("事由"),
    "choice": _("处理方式"),
    "for_the_worse": _("对买受人更为不利"),
    "lines": _("款项的处理"),
    "items": _("变更事项"),
    "accept": _("异议成立"),
    "opens_at": _("开拍推迟至"),
    "closes_at": _("结束推迟至"),
    "knowingly_false": _("明知承诺不实"),
    "bidder_id": _("报名人账户"),
    "also_frees": _("同时不再受限的其他报名人账户"),
    "further_bidders": _("同时不再受限、拍卖结束后方可查知的竞买人"),
    "further_companies": _("同时不再受限的未报名公司"),
}

ALL: Mapping[str, Words] = {
    "alert_outcome": ALERT_OUTCOME,
    "interest_ground": INTEREST_GROUND,
    "body": BODY,
    "hold": HOLD,
    "interest_review": INTEREST_REVIEW,
    "kinship": KINSHIP,
    "company_role": COMPANY_ROLE,
    "approval_kind": APPROVAL_KIND,
    "decision": DECISION,
    "role": ROLE,
    "payer": PAYER,
    "round": ROUND,
    "round_short": ROUND_SHORT,
    "status": STATUS,
    "asset_type": ASSET_TYPE,
    "flag": FLAG,
    "sort": SORT,
    "price_method": PRICE_METHOD,
    "price_step": PRICE_STEP,
    "party_role": PARTY_ROLE,
    "notice_status": NOTICE_STATUS,
    "item_state": ITEM_STATE,
    "capacity": CAPACITY,
    "claim": CLAIM,
    "id_type": ID_TYPE,
    "registration": REGISTRATION,
    "claim_status": CLAIM_STATUS,
    "payment": PAYMENT,
    "purpose": PURPOSE,
    "settlement": SETTLEMENT,
    "settlement_tone": SETTLEMENT_TONE,
    "suspension": SUSPENSION,
    "withdrawal": WITHDRAWAL,
    "disposal": DISPOSAL,
    "returning": RETURNING,
    "taking": TAKING,
    "own_sale": OWN_SALE,
    "revocation": REVOCATION,
    "ended": ENDED,
    "money_part": MONEY_PART,
    "late_reason": LATE_REASON,
    "relist_reason": RELIST_REASON,
    "qualification": QUALIFICATION,
    "handover_step": HANDOVER_STEP,
    "task_kind": TASK_KIND,
    "task_status": TASK_STATUS,
    "report_part": REPORT_PART,
    "viewing": VIEWING,
    "band": BAND,
    "undertaking": UNDERTAKING,
    "sanction": SANCTION,
    "sanction_document": SANCTION_DOCUMENT,
    "sanction_status": SANCTION_STATUS,
    "sanction_end": SANCTION_END,
    "scope": SCOPE,
    "review": REVIEW,
    "malice": MALICE,
    "objection": OBJECTION,
    "objection_kind": OBJECTION_KIND,
    "sale_objection": SALE_OBJECTION,
    "objection_review": OBJECTION_REVIEW,
    "objection_suit": OBJECTION_SUIT,
    "standing": STANDING,
    "standing_state": STANDING_STATE,
    "approval_status": APPROVAL_STATUS,
    "event": EVENT,
    "own_field": OWN_FIELD,
    "correction": CORRECTION,
}
